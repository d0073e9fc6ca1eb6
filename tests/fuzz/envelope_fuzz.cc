// What may be around a file: heads and bodies of age, keys of both kinds, signatures of minisign.
// Of what was made with the golden keys only the golden ones are taken.
#include <vector>

#include "dbomsbak/base/base64.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/envelope/age.h"
#include "dbomsbak/envelope/minisign.h"
#include "envelope/age_header.h"
#include "envelope/bech32.h"
#include "fuzz/fuzz.h"
#include "unit/memory_file.h"
#include "unit/read_file.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

std::string Golden(const std::string& name) {
  return ReadFile(DBOMSBAK_SOURCE_DIR "/formats/" + name);
}

void ReadAgeFile(std::string_view bytes) {
  static const std::vector<Secret> identities =
      ParseAgeIdentities(Golden("age/valid/key.txt"), "key.txt");
  static const std::string golden = Golden("age/valid/text");
  AgeKeys keys;
  keys.identities = identities;
  try {
    const AgeHeader header = ParseAgeHeader(bytes);
    Require(header.size <= bytes.size() && bytes.starts_with(header.text),
            "a head is what the file begins with");
    Require(!header.stanzas.empty() && !header.stanzas.front().arguments.empty(),
            "it is for somebody");
  } catch (const AgeHeaderFault&) {
  }
  try {
    const auto reader = AgeReader::Open(InMemory(std::string(bytes)), keys);
    std::string text(static_cast<std::size_t>(reader->Size()), '\0');
    Require(reader->ReadAt(0, text.data(), text.size()) == text.size(), "it is as long as it says");
    char more = 0;
    Require(reader->ReadAt(text.size(), &more, 1) == 0, "it is no longer than it says");
  } catch (const Error& e) {
    Require(e.code() != ErrorCode::kInternal && e.code() != ErrorCode::kIo,
            "it is the file's fault: " + e.message());
  }
}

void ReadAgeKeys(std::string_view bytes) {
  try {
    const std::string key = ParseAgeRecipient(bytes);
    Require(key.size() == 32, "a recipient has 32 bytes");
    std::string lower(bytes);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    }
    Require(lower == EncodeBech32("age", key), "a recipient is written in one way");
  } catch (const Error& e) {
    Require(e.code() == ErrorCode::kUsage, e.message());
  }
  try {
    for (const std::string& key : ParseAgeRecipients(bytes, "keys")) {
      Require(key.size() == 32, "a recipient has 32 bytes");
    }
  } catch (const Error& e) {
    Require(e.code() == ErrorCode::kUsage, e.message());
  }
  try {
    for (const Secret& key : ParseAgeIdentities(bytes, "keys")) {
      Require(key.Reveal().size() == 32, "an identity has 32 bytes");
    }
  } catch (const Error& e) {
    Require(e.code() == ErrorCode::kUsage, e.message());
  }
  for (const bool padded : {false, true}) {
    const auto decoded = DecodeBase64(bytes, padded);
    Require(!decoded || EncodeBase64(*decoded, padded) == bytes, "base64 is read as it is written");
  }
}

void ReadSignature(std::string_view bytes) {
  static const std::vector<MinisignPublicKey> keys{
      ParseMinisignPublicKey(Golden("minisign/plain.pub")).value()};
  static const MemoryReadableFile text(Golden("minisign/text"), "text");
  static const std::string golden = Golden("minisign/text.minisig");
  static const std::string legacy = Golden("minisign/text.legacy.minisig");
  try {
    const SignatureReport report = CheckSignature(text, bytes, keys, CancelToken());
    const std::string comment = "trusted comment: " + report.comment + "\n";
    Require(golden.find(comment) != golden.npos || legacy.find(comment) != legacy.npos,
            "a forged signature is refused");
  } catch (const Error& e) {
    Require(e.code() == ErrorCode::kWrongKey, e.message());
  }
}

void ReadMinisignKeys(std::string_view bytes) {
  if (const auto key = ParseMinisignPublicKey(bytes)) {
    Require(key->id.size() == 8 && key->key.size() == 32, "a public key has its size");
  }
  struct Asked {};
  try {
    const MinisignSecretKey key =
        ParseMinisignSecretKey(bytes, "key", []() -> Secret { throw Asked{}; });
    Require(key.id.size() == 8 && key.seed.Reveal().size() == 32, "a secret key has its size");
  } catch (const Asked&) {  // what it costs to open one is not for here
  } catch (const Error& e) {
    Require(e.code() == ErrorCode::kUsage, e.message());
  }
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(bytes) {
  fuzz::Input input(bytes);
  switch (input.Below(4)) {
    case 0:
      ReadAgeFile(input.rest());
      break;
    case 1:
      ReadAgeKeys(input.rest());
      break;
    case 2:
      ReadSignature(input.rest());
      break;
    default:
      ReadMinisignKeys(input.rest());
  }
}

}  // namespace dbomsbak
