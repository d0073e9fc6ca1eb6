# Every library is a Debian 12 package; the name is given beside each.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)                 # libssl-dev
find_package(fmt REQUIRED)                       # libfmt-dev
find_package(CLI11 REQUIRED)                     # libcli11-dev
find_package(nlohmann_json REQUIRED)             # nlohmann-json3-dev
find_package(PkgConfig REQUIRED)                 # pkg-config
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)      # libzstd-dev
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)         # zlib1g-dev
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)  # libxxhash-dev
# default-libmysqlclient-dev: MariaDB's Connector/C; Oracle's libmysqlclient does as well.
pkg_check_modules(MYSQLCLIENT REQUIRED IMPORTED_TARGET mysqlclient)
