#include "cli/envelope.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "dbomsbak/base/secret_file.h"

namespace dbomsbak {
namespace {

Secret ReadSecret(const std::string& path, std::string_view what, Console& console) {
  std::vector<std::string> notices;
  Secret secret = ReadSecretFile(path, what, notices);
  for (const std::string& notice : notices) console.Warning(notice);
  return secret;
}

Secret ReadKey(const std::string& path, std::string_view option, Console& console) {
  std::vector<std::string> notices;
  Secret secret = ReadSecretKeyFile(path, option, notices);
  for (const std::string& notice : notices) console.Warning(notice);
  return secret;
}

// What was read of a file or pipe already.
class ReadAlready final : public RandomAccessFile {
 public:
  ReadAlready(Secret bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {}
  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
    return offset >= Size() ? 0 : bytes_.Reveal().copy(out, size, static_cast<std::size_t>(offset));
  }
  std::uint64_t Size() const override { return bytes_.Reveal().size(); }
  const std::string& name() const override { return name_; }

 private:
  const Secret bytes_;
  const std::string name_;
};

// An identity file may be encrypted with a passphrase itself.
Secret ReadIdentities(const std::string& path, const AgeKeys& keys, Console& console) {
  Secret read = ReadKey(path, "--identity", console);
  auto stored = std::make_shared<ReadAlready>(read, path);
  if (!LooksEncrypted(*stored)) return read;
  const std::unique_ptr<AgeReader> opened = AgeReader::Open(std::move(stored), keys);
  std::string text(static_cast<std::size_t>(opened->Size()), '\0');
  text.resize(opened->ReadAt(0, text.data(), text.size()));
  Secret identities(text);
  Wipe(text.data(), text.size());
  return identities;
}

// One for all files of a run; asked for when the first one needs it.
class Passphrase {
 public:
  Passphrase(std::optional<std::string> path, bool may_ask, Console& console)
      : path_(std::move(path)), may_ask_(may_ask), console_(console) {}

  Secret For(const std::string& name) {
    if (known_) return *known_;
    if (path_) {
      known_ = ReadSecret(*path_, "passphrase", console_);
    } else if (may_ask_ && CanAsk()) {
      known_ = AskSecret(fmt::format("Passphrase of '{}': ", name), "");
    }
    return known_.value_or(Secret());
  }

 private:
  const std::optional<std::string> path_;
  const bool may_ask_;
  Console& console_;
  std::optional<Secret> known_;
};

Secret NewPassphrase(Invocation& run) {
  if (const auto path = run.line.Last("passphrase-file")) {
    return ReadSecret(*path, "passphrase", run.console);
  }
  constexpr char kElsewhere[] = "Use --passphrase-file FILE; its first line is the passphrase.";
  Secret first = AskSecret("New passphrase of the dump: ", kElsewhere);
  const Secret again = AskSecret("The same again: ", kElsewhere);
  if (first.empty() || first.Reveal() != again.Reveal()) {
    throw Error(ErrorCode::kUsage,
                first.empty() ? "the passphrase is empty" : "these are two passphrases",
                "Run it again; nothing was written.");
  }
  return first;
}

AgeRecipients RecipientsAsAsked(Invocation& run) {
  const CommandLine& line = run.line;
  AgeRecipients recipients;
  for (const std::string& text : line.All("encrypt-to")) {
    try {
      recipients.keys.push_back(ParseAgeRecipient(text));
    } catch (Error& error) {
      error.While("--encrypt-to");
      throw;
    }
  }
  for (const std::string& path : line.All("recipients-file")) {
    for (std::string& key :
         ParseAgeRecipients(ReadPublicKeyFile(path, "--recipients-file"), path)) {
      recipients.keys.push_back(std::move(key));
    }
  }
  if (!line.Flag("encrypt-passphrase")) {
    if (line.Has("passphrase-file")) {
      throw Error(ErrorCode::kUsage, "--passphrase-file goes with --encrypt-passphrase",
                  "Without it the dump would not be encrypted with that passphrase.");
    }
    return recipients;
  }
  if (!recipients.keys.empty()) {
    throw Error(ErrorCode::kUsage, "a dump is encrypted to recipients, or with one passphrase",
                "Leave --encrypt-passphrase away, or the recipients.");
  }
  recipients.passphrase = NewPassphrase(run);
  return recipients;
}

MinisignSecretKey SignKey(Invocation& run, const std::string& path) {
  return ParseMinisignSecretKey(ReadKey(path, "--sign-key", run.console).Reveal(), path, [&] {
    if (const auto file = run.line.Last("sign-password-file")) {
      return ReadSecret(*file, "sign-password", run.console);
    }
    return AskSecret(
        fmt::format("Password of '{}': ", path),
        "Use --sign-password-file FILE, or a key without a password (minisign -G -W).");
  });
}

MinisignPublicKey VerifyKey(const std::string& text) {
  if (auto key = ParseMinisignPublicKey(text)) return *key;
  if (auto key = ParseMinisignPublicKey(ReadPublicKeyFile(text, "--verify-key"))) return *key;
  throw Error(ErrorCode::kUsage, fmt::format("'{}' is no public key of minisign", text),
              "It is what minisign -G writes to minisign.pub: the file, or its second line.")
      .About(text);
}

}  // namespace

AgeKeys KeysAsAsked(const CommandLine& line, Console& console) {
  AgeKeys keys;
  const unsigned command = line.command().command;
  if (FindOption(command, "--identity") == nullptr) return keys;
  // Folders are looked at by cron, and hold many files.
  const bool may_ask = command != kCommandList && command != kCommandPrune;
  const auto passphrase =
      std::make_shared<Passphrase>(line.Last("passphrase-file"), may_ask, console);
  keys.passphrase = [passphrase](const std::string& name) { return passphrase->For(name); };
  for (const std::string& path : line.All("identity")) {
    for (Secret& key : ParseAgeIdentities(ReadIdentities(path, keys, console).Reveal(), path)) {
      keys.identities.push_back(std::move(key));
    }
  }
  return keys;
}

Envelope EnvelopeAsAsked(Invocation& run) {
  Envelope envelope;
  envelope.recipients = RecipientsAsAsked(run);
  if (const auto path = run.line.Last("sign-key")) {
    envelope.sign_key = SignKey(run, *path);
  } else if (run.line.Has("sign-password-file")) {
    throw Error(ErrorCode::kUsage, "--sign-password-file goes with --sign-key",
                "Name the secret key whose password it holds.");
  }
  envelope.learn = [&run](const Secret& file_key) { run.files.Learn(file_key); };
  return envelope;
}

SignaturePolicy SignaturesAsAsked(const CommandLine& line) {
  SignaturePolicy policy;
  for (const std::string& text : line.All("verify-key")) policy.keys.push_back(VerifyKey(text));
  policy.required = line.command().command == kCommandRestore && line.Flag("require-signature");
  return policy;
}

}  // namespace dbomsbak
