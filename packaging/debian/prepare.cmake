# Called by cpack between the installation into its folder and the packing.
set(debian ${CMAKE_CURRENT_LIST_DIR})
set(root ${CPACK_TEMPORARY_DIRECTORY})

# Without them CPack stops without a name, or makes packages that depend on nothing.
foreach(program dpkg-shlibdeps file)
  find_program(found_${program} ${program})
  if(NOT found_${program})
    message(FATAL_ERROR "${program} is missing: apt-get install dpkg-dev file")
  endif()
endforeach()

if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND git -C ${debian} log -1 --format=%ct OUTPUT_VARIABLE seconds ERROR_QUIET
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT seconds)
    message(WARNING "no SOURCE_DATE_EPOCH, and no commit that git could tell: the packages are dated now")
    string(TIMESTAMP seconds %s UTC)
  endif()
  set(ENV{SOURCE_DATE_EPOCH} ${seconds})
endif()
execute_process(COMMAND date -u -R -d @$ENV{SOURCE_DATE_EPOCH} OUTPUT_VARIABLE date
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
function(call)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(component runtime development)
  if(component STREQUAL runtime)
    set(package dbomsbak)
  else()
    set(package libdbomsbak-dev)
  endif()
  set(documents ${root}/${component}/usr/share/doc/${package})
  file(MAKE_DIRECTORY ${documents})
  file(COPY_FILE ${debian}/copyright ${documents}/copyright)
  file(COPY_FILE ${debian}/../../CHANGELOG.md ${documents}/changelog)
  file(WRITE ${documents}/changelog.Debian
"dbomsbak (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Packed by CPack; changelog.gz tells what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
  call(gzip -9nf ${documents}/changelog ${documents}/changelog.Debian)
  # Each exception stands there behind its reason, for the package that is named in it.
  file(READ ${debian}/lintian-overrides overrides)
  string(REPLACE "PACKAGE" ${package} overrides "${overrides}")
  file(WRITE ${root}/${component}/usr/share/lintian/overrides/${package} "${overrides}")
endforeach()

set(share ${root}/runtime/usr/share)
file(REMOVE ${share}/doc/dbomsbak/LICENSE ${share}/doc/dbomsbak/CHANGELOG.md)
file(GLOB pages ${share}/man/man?/*.?)
if(pages)
  call(gzip -9nf ${pages})
endif()
# Where Debian's zsh looks for completions of packages.
if(EXISTS ${share}/zsh/site-functions)
  file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
endif()
# Where Debian 12 keeps units of packages.
if(EXISTS ${root}/runtime/usr/lib/systemd)
  file(MAKE_DIRECTORY ${root}/runtime/lib)
  file(RENAME ${root}/runtime/usr/lib/systemd ${root}/runtime/lib/systemd)
endif()
file(GLOB_RECURSE archives ${root}/development/*.a)
call(strip --strip-debug --enable-deterministic-archives ${archives})
call(find ${root}/runtime ${root}/development -type d -exec chmod 755 "{}" +)
# The same bytes from the same sources.
call(find ${root}/runtime ${root}/development -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} "{}" +)
