// Keys and passphrases of the command line: for whom a dump is encrypted, what opens one, who
// signs.
#pragma once

#include "cli/command_line.h"
#include "cli/console.h"
#include "dbomsbak/app/envelope.h"

namespace dbomsbak {

struct Invocation;

// --identity and --passphrase-file; a passphrase is asked on a terminal where a file needs one.
AgeKeys KeysAsAsked(const CommandLine& line, Console& console);
// --encrypt-to and its kin, --sign-key. Asks on a terminal for what no file says.
Envelope EnvelopeAsAsked(Invocation& run);
// --verify-key, --require-signature.
SignaturePolicy SignaturesAsAsked(const CommandLine& line);

}  // namespace dbomsbak
