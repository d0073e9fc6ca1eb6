// dbomsbak as it is, but that one call of a file or of a session fails: see fault.h.
#include "cli/main_function.h"
#include "faults/fault.h"
#include "faults/sessions.h"

int main(int argc, char** argv) {
  dbomsbak::test::TheFault().Begin();
  const int code = dbomsbak::Main(argc, argv, dbomsbak::test::MakeFaultySessions);
  dbomsbak::test::TheFault().Report();
  return code;
}
