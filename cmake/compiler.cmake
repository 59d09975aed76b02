# Flags that every target of ours is built with: warnings, hardening, sanitizers, ccache.

find_program(MUTUAL_CCACHE ccache)
if(MUTUAL_CCACHE)
  # Paths below the checkout do not count, so that several checkouts share what they compile; precompiled headers do.
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${MUTUAL_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()

add_library(mutual_flags INTERFACE)
target_compile_options(mutual_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -fstack-protector-strong)
if(MUTUAL_WERROR)
  target_compile_options(mutual_flags INTERFACE -Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MUTUAL_SANITIZE)
  target_compile_definitions(mutual_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(MUTUAL_SANITIZE)
  add_compile_options(-fsanitize=${MUTUAL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MUTUAL_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND MUTUAL_SANITIZE MATCHES "undefined")
    # This check opens a pipe to look at memory, and takes what it cannot look at for wrong: the tests that let
    # descriptors run out would all fail.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND MUTUAL_SANITIZE MATCHES "undefined")
    # clang 14 cannot assemble coroutines with this check ("Cannot represent a difference across sections").
    add_compile_options(-fno-sanitize=function)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarm of g++ 12 on std::string's operator+ (GCC bug 105651).
  target_compile_options(mutual_flags INTERFACE -Wno-restrict)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    # The optimiser's guesses about vectors and strings of one element, some of them in libstdc++ itself: shown, but no
    # error.
    target_compile_options(mutual_flags INTERFACE -Wno-error=array-bounds -Wno-error=stringop-overflow
      -Wno-error=stringop-overread)
  endif()
endif()
