// Passwords, passphrases and keys in files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/secret.h"

namespace dbomsbak {

// The first line of a file or pipe (/dev/fd/3). `what` is "password" or "passphrase", and the
// option is called --WHAT-file. A file that others may read is a notice. Errors: kIo; kUsage for a
// folder, an empty line, a file that everybody may write.
Secret ReadSecretFile(const std::string& path, std::string_view what,
                      std::vector<std::string>& notices);

// All of a key file or pipe, 1 MiB at most; `option` is what it was given with. Notices and errors
// as above, but for what the file holds.
Secret ReadSecretKeyFile(const std::string& path, std::string_view option,
                         std::vector<std::string>& notices);

// The same of public keys, which all may read: who can write them chooses who is trusted.
std::string ReadPublicKeyFile(const std::string& path, std::string_view option);

}  // namespace dbomsbak
