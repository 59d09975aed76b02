# cmake --install, and find_package(mutual) for those who build on it.
