# Debian packages, made from any build by `cpack` in its folder: dbomsbak (the program and what
# starts it) and libdbomsbak-dev (the library). debian/prepare.cmake brings what CMake installs into
# Debian's form.
set(DBOMSBAK_MAINTAINER "dbomsbak maintainers <dbomsbak@lists.example.org>" CACHE STRING
    "Who answers for the packages: Name <address>")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${DBOMSBAK_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/debian/prepare.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME dbomsbak)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION database)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
# Plugins for caching_sha2_password and ed25519 are in libmariadb3 itself.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "zstd, default-mysql-client, mariadb-plugin-gssapi-client")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst ${CMAKE_CURRENT_SOURCE_DIR}/debian/prerm
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm)
# The project's description is the first line of both.
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
"Takes one consistent snapshot of several databases of MariaDB, MySQL or a
MySQL-mode tenant of OceanBase as one verified archive that is ordinary SQL,
and brings back exactly what was there, all or nothing.

Made for the MetaDB of OceanBase Migration Service, whose upgrades can only
be taken back from a backup. A timer of systemd makes snapshots by night
once it is enabled.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libdbomsbak-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "default-libmysqlclient-dev, libcurl4-openssl-dev, libfmt-dev, libssl-dev, libxxhash-dev, libyaml-cpp-dev, libzstd-dev, nlohmann-json3-dev, pkg-config, zlib1g-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"Headers and static libraries of which the program dbomsbak is made, for
programs that dump, verify and restore databases by themselves. In CMake
find_package(dbomsbak) gives dbomsbak::app and the layers below it.")
include(CPack)
