# cmake --install, and find_package(mutual) for those who build on it.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/mutual)
install(TARGETS mutual EXPORT mutual ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS mutual_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/mutual DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(EXPORT mutual NAMESPACE mutual:: FILE mutualTargets.cmake DESTINATION ${package_folder})

configure_package_config_file(cmake/mutualConfig.cmake.in ${CMAKE_BINARY_DIR}/package/mutualConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/mutualConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/mutualConfig.cmake ${CMAKE_BINARY_DIR}/package/mutualConfigVersion.cmake
  cmake/compression.cmake DESTINATION ${package_folder})
