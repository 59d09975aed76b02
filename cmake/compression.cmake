# zlib, Brotli and Zstandard, for content codings: mutual::compression links to all of them. Used to build the library,
# and installed with it for those who link to it.
find_package(ZLIB REQUIRED)
foreach(part brotlicommon brotlienc brotlidec zstd)
  find_library(MUTUAL_${part}_LIBRARY ${part})
  if(NOT MUTUAL_${part}_LIBRARY)
    message(FATAL_ERROR "${part} was not found: install libbrotli-dev and libzstd-dev (scripts/setup does it)")
  endif()
endforeach()
if(NOT TARGET mutual::compression)
  add_library(mutual::compression INTERFACE IMPORTED)
  target_link_libraries(mutual::compression INTERFACE ZLIB::ZLIB ${MUTUAL_brotlienc_LIBRARY}
    ${MUTUAL_brotlidec_LIBRARY} ${MUTUAL_brotlicommon_LIBRARY} ${MUTUAL_zstd_LIBRARY})
endif()
