# install.cmake -- what `make install` puts where: compiler, runtime, man page, and packages for pkg-config and CMake
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/modelc)
# the packages find the rest from where they lie, so a tree that was installed may be moved
file(RELATIVE_PATH PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" PREFIX_FROM_PC ${PREFIX_FROM_PC})

configure_file(cmake/modelc.pc.in generated/modelc.pc @ONLY)
configure_file(doc/modelc.1.in generated/modelc.1 @ONLY)
configure_package_config_file(cmake/modelcConfig.cmake.in generated/modelcConfig.cmake
	INSTALL_DESTINATION ${PACKAGE_DIR} PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/modelcConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS modelc RUNTIME)
install(TARGETS modelc_runtime EXPORT modelc ARCHIVE)
list(FILTER RUNTIME_HEADERS EXCLUDE REGEX "mc_(data|picture|run|train).h$") # the rest is for generated code
install(FILES ${RUNTIME_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/modelc)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY doc DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN *.md)
install(FILES ${CMAKE_BINARY_DIR}/generated/modelc.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/generated/modelc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(EXPORT modelc NAMESPACE modelc:: FILE modelcTargets.cmake DESTINATION ${PACKAGE_DIR})
install(FILES ${CMAKE_BINARY_DIR}/generated/modelcConfig.cmake ${CMAKE_BINARY_DIR}/generated/modelcConfigVersion.cmake
	DESTINATION ${PACKAGE_DIR})
