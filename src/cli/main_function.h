// The program, apart from main(): what tests can call.
#pragma once

namespace dbomsbak {

// Never throws. The result is the exit code, always one of the table of base/error.h.
int Main(int argc, char** argv);

}  // namespace dbomsbak
