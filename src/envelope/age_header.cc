#include "envelope/age_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/base/base64.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/hmac.h"
#include "envelope/bech32.h"
#include "envelope/primitives.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1";
constexpr std::string_view kStanzaBegin = "-> ";
constexpr std::string_view kMacBegin = "---";
constexpr std::string_view kX25519 = "X25519", kScrypt = "scrypt";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519";
constexpr std::string_view kScryptSalt = "age-encryption.org/v1/scrypt";
constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kWrappedBytes = kFileKeyBytes + kSealBytes;
constexpr unsigned kMostWork = 22;   // 4 GiB of memory; the age program goes as far
constexpr unsigned kUsualWork = 18;  // 256 MiB, as the age program writes

const std::string kZeroNonce(12, '\0');

[[noreturn]] void Fault(std::string what, bool cut = false) {
  throw AgeHeaderFault{std::move(what), cut};
}

class Lines {
 public:
  explicit Lines(std::string_view bytes) : bytes_(bytes) {}

  std::string_view Next() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) Fault("it ends inside its head", true);
    const std::string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }
  std::size_t at() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

std::string Decoded(std::string_view text, std::string_view what) {
  std::optional<std::string> bytes = DecodeBase64(text, false);
  if (!bytes) Fault(fmt::format("{} in its head is not base64 as it should be", what));
  return std::move(*bytes);
}

AgeStanza ParseStanza(std::string_view line, Lines& lines) {
  AgeStanza stanza;
  line.remove_prefix(kStanzaBegin.size());
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    const std::string_view argument = line.substr(begin, end - begin);
    const bool visible =
        std::all_of(argument.begin(), argument.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (argument.empty() || !visible) Fault("a stanza of its head does not begin as one");
    stanza.arguments.emplace_back(argument);
    begin = end + 1;
  }
  for (;;) {  // the last line is a short one
    const std::string_view body = lines.Next();
    if (body.size() > kLineBytes) Fault("a line of its head is too long");
    stanza.body += Decoded(body, "a line");
    if (body.size() < kLineBytes) return stanza;
  }
}

void RequireWrapped(const AgeStanza& stanza) {
  if (stanza.body.size() != kWrappedBytes) Fault("a wrapped file key has an impossible size");
}

std::optional<Secret> Opened(const Secret& key, const std::string& wrapped) {
  std::string bytes;
  if (!ChaCha20Poly1305(key).Open(kZeroNonce, wrapped, bytes)) return std::nullopt;
  Secret secret(bytes);
  Wipe(bytes.data(), bytes.size());
  return secret;
}

std::optional<Secret> UnwrapX25519(const AgeStanza& stanza, const Secret& identity) {
  if (stanza.arguments.size() != 2) Fault("an X25519 stanza has an impossible number of arguments");
  const std::string share = Decoded(stanza.arguments[1], "an X25519 share");
  if (share.size() != kKeyBytes) Fault("an X25519 share has an impossible size");
  RequireWrapped(stanza);
  const std::optional<Secret> shared = X25519Shared(identity, share);
  if (!shared) Fault("an X25519 share is of low order");
  const Secret key =
      HkdfSha256(shared->Reveal(), share + X25519PublicKey(identity), kX25519Info, kKeyBytes);
  return Opened(key, stanza.body);
}

struct ScryptStanza {
  std::string salt;
  unsigned work = 0;
};

ScryptStanza ParseScrypt(const AgeStanza& stanza) {
  if (stanza.arguments.size() != 3) Fault("a scrypt stanza has an impossible number of arguments");
  ScryptStanza parsed{Decoded(stanza.arguments[1], "a salt")};
  if (parsed.salt.size() != kSaltBytes) Fault("a salt has an impossible size");
  const std::string& work = stanza.arguments[2];
  const bool digits = work.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || work.front() == '0' || work.size() > 9) {
    Fault("the work factor of its passphrase is no number");
  }
  parsed.work = static_cast<unsigned>(std::stoul(work));
  if (parsed.work > kMostWork) {
    throw AgeHeaderFault{
        fmt::format("the work factor of its passphrase is {}, and at most {} is taken on",
                    parsed.work, kMostWork),
        false, true};
  }
  RequireWrapped(stanza);
  return parsed;
}

Secret ScryptKey(const Secret& passphrase, std::string_view salt, unsigned work) {
  return Scrypt(passphrase.Reveal(), std::string(kScryptSalt).append(salt), work, 8, 1, kKeyBytes);
}

void Add(const AgeStanza& stanza, std::string& text) {
  text += "->";
  for (const std::string& argument : stanza.arguments) text += " " + argument;
  const std::string body = EncodeBase64(stanza.body, false);
  for (std::size_t at = 0; at <= body.size(); at += kLineBytes) {
    text += "\n" + body.substr(at, kLineBytes);
  }
  text += "\n";
}

std::string Wrapped(const Secret& key, const Secret& file_key) {
  std::string body;
  ChaCha20Poly1305(key).Seal(kZeroNonce, file_key.Reveal(), body);
  return body;
}

AgeStanza WrapX25519(const Secret& file_key, const std::string& recipient) {
  std::string random = RandomBytes(kKeyBytes);
  const Secret own(random);
  Wipe(random.data(), random.size());
  const std::string share = X25519PublicKey(own);
  const std::optional<Secret> shared = X25519Shared(own, recipient);
  if (!shared) {
    const std::string name = EncodeBech32("age", recipient);
    throw Error(ErrorCode::kUsage,
                fmt::format("{} is no key: nothing sent to it would be secret", name),
                "Take the recipient that age-keygen has printed.")
        .About(name);
  }
  const Secret key = HkdfSha256(shared->Reveal(), share + recipient, kX25519Info, kKeyBytes);
  return {{std::string(kX25519), EncodeBase64(share, false)}, Wrapped(key, file_key)};
}

AgeStanza WrapScrypt(const Secret& file_key, const Secret& passphrase) {
  const std::string salt = RandomBytes(kSaltBytes);
  const Secret key = ScryptKey(passphrase, salt, kUsualWork);
  return {{std::string(kScrypt), EncodeBase64(salt, false), fmt::format("{}", kUsualWork)},
          Wrapped(key, file_key)};
}

}  // namespace

AgeHeader ParseAgeHeader(std::string_view bytes) {
  AgeHeader header;
  Lines lines(bytes);
  if (lines.Next() != kVersionLine) Fault("its first line does not name version 1 of age");
  for (;;) {
    const std::size_t begin = lines.at();
    const std::string_view line = lines.Next();
    if (line.starts_with(kStanzaBegin)) {
      header.stanzas.push_back(ParseStanza(line, lines));
      continue;
    }
    if (!line.starts_with(kMacBegin) || line.size() < kMacBegin.size() + 1 ||
        line[kMacBegin.size()] != ' ') {
      Fault("a line of its head is neither a stanza nor the last one");
    }
    if (header.stanzas.empty()) Fault("its head is for nobody: it has no stanza");
    header.mac = Decoded(line.substr(kMacBegin.size() + 1), "the MAC");
    if (header.mac.size() != kKeyBytes) Fault("the MAC of its head has an impossible size");
    header.text = bytes.substr(0, begin + kMacBegin.size());
    header.size = lines.at();
    return header;
  }
}

bool HasPassphrase(const AgeHeader& header) {
  return std::any_of(header.stanzas.begin(), header.stanzas.end(),
                     [](const AgeStanza& stanza) { return stanza.arguments.front() == kScrypt; });
}

std::optional<Secret> UnwrapFileKey(const AgeHeader& header, const AgeKeys& keys,
                                    const std::string& name, bool& asked) {
  asked = false;
  for (const Secret& file_key : keys.file_keys) {
    if (EqualInConstantTime(HeaderMac(file_key, header.text), header.mac)) return file_key;
  }
  if (HasPassphrase(header)) {
    // Who knows a passphrase takes the file for one that nobody else could have written.
    if (header.stanzas.size() != 1) Fault("a passphrase is not alone in its head");
    const ScryptStanza stanza = ParseScrypt(header.stanzas.front());
    const Secret passphrase = keys.passphrase ? keys.passphrase(name) : Secret();
    if (passphrase.empty()) return std::nullopt;
    asked = true;
    return Opened(ScryptKey(passphrase, stanza.salt, stanza.work), header.stanzas.front().body);
  }
  for (const AgeStanza& stanza : header.stanzas) {
    if (stanza.arguments.front() != kX25519) continue;
    for (const Secret& identity : keys.identities) {
      if (auto file_key = UnwrapX25519(stanza, identity)) return file_key;
    }
  }
  return std::nullopt;
}

std::string HeaderMac(const Secret& file_key, std::string_view text) {
  const Secret key = HkdfSha256(file_key.Reveal(), "", "header", kKeyBytes);
  return std::string(HmacSha256(key.Reveal(), text).Reveal());
}

std::string FormatAgeHeader(const Secret& file_key, const AgeRecipients& recipients) {
  std::string text = std::string(kVersionLine) + "\n";
  for (const std::string& recipient : recipients.keys) Add(WrapX25519(file_key, recipient), text);
  if (!recipients.passphrase.empty()) Add(WrapScrypt(file_key, recipients.passphrase), text);
  text += kMacBegin;
  const std::string mac = HeaderMac(file_key, text);
  return text + " " + EncodeBase64(mac, false) + "\n";
}

}  // namespace dbomsbak
