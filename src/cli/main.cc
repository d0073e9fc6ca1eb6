#include <cstdio>

int main() {
  std::puts("dbomsbak " DBOMSBAK_VERSION);
  return 0;
}
