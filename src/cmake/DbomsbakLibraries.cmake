# Every library is a Debian 12 package; the name is given beside each.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)                 # libssl-dev
find_package(fmt REQUIRED)                       # libfmt-dev
find_package(CURL REQUIRED)                      # libcurl4-openssl-dev
find_package(CLI11 REQUIRED)                     # libcli11-dev
find_package(nlohmann_json REQUIRED)             # nlohmann-json3-dev
find_package(yaml-cpp REQUIRED)                  # libyaml-cpp-dev
find_package(PkgConfig REQUIRED)                 # pkg-config
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)      # libzstd-dev
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)         # zlib1g-dev
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)  # libxxhash-dev
# default-libmysqlclient-dev: MariaDB's Connector/C; Oracle's libmysqlclient does as well.
set(DBOMSBAK_MYSQLCLIENT_ROOT "" CACHE PATH
    "Another Debian's root (tests/servers/oracle-client makes one) whose libmysqlclient to use")
if(NOT DBOMSBAK_MYSQLCLIENT_ROOT)
  pkg_check_modules(MYSQLCLIENT REQUIRED IMPORTED_TARGET mysqlclient)
else()
  # Built with this system's compiler and libraries. That library wants the C library beside it, so the
  # program names that root's loader, and finds what is there before what is here.
  set(folder ${DBOMSBAK_MYSQLCLIENT_ROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
  file(GLOB loader ${DBOMSBAK_MYSQLCLIENT_ROOT}/usr/lib64/ld-linux-*.so.*
                   ${DBOMSBAK_MYSQLCLIENT_ROOT}/usr/lib/ld-linux-*.so.*)
  list(GET loader 0 loader)
  add_library(PkgConfig::MYSQLCLIENT SHARED IMPORTED)
  set_target_properties(PkgConfig::MYSQLCLIENT PROPERTIES IMPORTED_LOCATION ${folder}/libmysqlclient.so)
  # Its headers name each other as mysql/…, and the C library's beside them must not be found.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/mysqlclient)
  file(CREATE_LINK ${DBOMSBAK_MYSQLCLIENT_ROOT}/usr/include/mysql ${CMAKE_BINARY_DIR}/mysqlclient/mysql
       SYMBOLIC)
  target_include_directories(PkgConfig::MYSQLCLIENT INTERFACE ${CMAKE_BINARY_DIR}/mysqlclient
                                                              ${CMAKE_BINARY_DIR}/mysqlclient/mysql)
  target_link_options(PkgConfig::MYSQLCLIENT INTERFACE
                      LINKER:--unresolved-symbols=ignore-in-shared-libs LINKER:--disable-new-dtags
                      LINKER:--dynamic-linker=${loader} LINKER:-rpath,${folder}
                      LINKER:-rpath,/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
endif()
