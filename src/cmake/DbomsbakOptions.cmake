# Warnings, hardening and sanitizers, for every target of this project.
add_library(dbomsbak_options INTERFACE)
target_compile_options(dbomsbak_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wformat=2
  $<$<BOOL:${DBOMSBAK_WARNINGS_AS_ERRORS}>:-Werror>)
# GCC 12 at -O3 sees overlapping copies in std::string's operator+ (its bug 105651).
target_compile_options(dbomsbak_options INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>,$<CONFIG:Release>>:-Wno-restrict>)
target_compile_options(dbomsbak_options INTERFACE -fstack-protector-strong)
# A third of the time to compile, half of it with sanitizers. GCC takes what a file keeps to itself for
# a header's there.
if(CMAKE_UNITY_BUILD)
  target_compile_options(dbomsbak_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(DBOMSBAK_SANITIZE)
  target_compile_options(dbomsbak_options INTERFACE
    -fsanitize=${DBOMSBAK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(dbomsbak_options INTERFACE -fsanitize=${DBOMSBAK_SANITIZE})
else()
  target_compile_definitions(dbomsbak_options INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
endif()
if(DBOMSBAK_FUZZ)
  target_compile_options(dbomsbak_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_options(dbomsbak_options INTERFACE -Wl,-z,relro,-z,now)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(DBOMSBAK_CCACHE ccache)
if(DBOMSBAK_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DBOMSBAK_CCACHE})
endif()
