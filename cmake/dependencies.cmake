# What we stand on. All of it comes from the distribution; scripts/setup installs it.

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
string(REGEX MATCH "^[0-9]+" OPENSSL_VERSION_MAJOR ${OPENSSL_VERSION})
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own package files, not CMake's old guesses
endif()
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PostgreSQL REQUIRED)  # libpq, the client

# nghttp2: HTTP/2's frames.
find_path(NGHTTP2_INCLUDE nghttp2/nghttp2.h)
find_library(NGHTTP2_LIBRARY nghttp2)
if(NOT NGHTTP2_INCLUDE OR NOT NGHTTP2_LIBRARY)
  message(FATAL_ERROR "nghttp2 was not found: install libnghttp2-dev (scripts/setup does it)")
endif()
add_library(mutual::nghttp2 UNKNOWN IMPORTED)
set_target_properties(mutual::nghttp2 PROPERTIES IMPORTED_LOCATION ${NGHTTP2_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${NGHTTP2_INCLUDE})

# toml++: used by its headers alone, in one file of ours, so nobody links it.
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h)
if(NOT TOMLPLUSPLUS_INCLUDE)
  message(FATAL_ERROR "toml++ was not found: install libtomlplusplus-dev (scripts/setup does it)")
endif()
include(${CMAKE_CURRENT_LIST_DIR}/compression.cmake)

# llhttp: a library on newer systems; Debian 12 ships its C sources with node-llhttp, and they become part of ours.
find_path(LLHTTP_INCLUDE llhttp.h PATH_SUFFIXES llhttp PATHS /usr/share/include)
find_library(LLHTTP_LIBRARY llhttp)
find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
if(LLHTTP_LIBRARY AND LLHTTP_INCLUDE)
  add_library(mutual::llhttp UNKNOWN IMPORTED)
  set_target_properties(mutual::llhttp PROPERTIES IMPORTED_LOCATION ${LLHTTP_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LLHTTP_INCLUDE})
  set(MUTUAL_LLHTTP_BUNDLED OFF)
elseif(LLHTTP_SOURCES AND LLHTTP_INCLUDE)
  add_library(mutual_llhttp OBJECT ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
  target_include_directories(mutual_llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
  add_library(mutual::llhttp ALIAS mutual_llhttp)
  set(MUTUAL_LLHTTP_BUNDLED ON)
else()
  message(FATAL_ERROR "llhttp was not found: install libllhttp-dev, or node-llhttp on Debian 12 (scripts/setup does it)")
endif()
