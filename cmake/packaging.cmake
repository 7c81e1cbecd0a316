# What `cmake --install` puts where. Everything is found relative to the prefix, so that an
# installed tree may be moved. ci/package takes two components of it: `command`, and `static`,
# the library as an archive with its headers.

include(CMakePackageConfigHelpers)

set(SCT_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/scantling")

install(TARGETS scantling COMPONENT command)
# Two export sets: who links the shared library needs no development files of libjpeg-turbo.
install(TARGETS scantling_shared EXPORT scantling_shared_targets
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS scantling_static EXPORT scantling_static_targets
        ARCHIVE COMPONENT static
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
foreach(kind shared static)
    install(EXPORT scantling_${kind}_targets FILE scantling-${kind}-targets.cmake
            NAMESPACE scantling:: DESTINATION "${SCT_PACKAGE_DIR}")
endforeach()

# Headers include each other by bare name, which finds the neighbour in their own folder;
# consumers write #include <scantling/scantling.h>.
set(SCT_PUBLIC_HEADERS
    kernel/bank.h kernel/block.h kernel/dsp.h kernel/filter.h kernel/resizer.h kernel/status.h
    codecs/decoder.h codecs/encoder.h codecs/io.h codecs/metadata.h codecs/picture.h
    driver/scantling.h)
install(FILES ${SCT_PUBLIC_HEADERS} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/scantling"
        COMPONENT static)

install(FILES driver/scantling.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT command)
install(FILES driver/variants.schema.json DESTINATION "${CMAKE_INSTALL_DATADIR}/scantling"
        COMPONENT command)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT command)

set(SCT_USES_ISAL OFF)
if(SCT_WITH_PNG AND SCT_WITH_ISAL)
    set(SCT_USES_ISAL ON)
endif()
configure_package_config_file(
    cmake/scantling-config.cmake.in "${PROJECT_BINARY_DIR}/package/scantling-config.cmake"
    INSTALL_DESTINATION "${SCT_PACKAGE_DIR}")
# Before 1.0 any minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/scantling-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/package/scantling-config.cmake"
              "${PROJECT_BINARY_DIR}/package/scantling-config-version.cmake"
        DESTINATION "${SCT_PACKAGE_DIR}")

file(RELATIVE_PATH SCT_PREFIX_FROM_PC
     "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
set(SCT_PC_REQUIRES_PRIVATE libjpeg)
if(SCT_WITH_ICC)
    string(APPEND SCT_PC_REQUIRES_PRIVATE ", lcms2")
endif()
if(SCT_WITH_PNG)
    string(APPEND SCT_PC_REQUIRES_PRIVATE ", spng, zlib")
    if(SCT_WITH_ISAL)
        string(APPEND SCT_PC_REQUIRES_PRIVATE ", libisal")
    endif()
endif()
if(SCT_WITH_WEBP)
    string(APPEND SCT_PC_REQUIRES_PRIVATE ", libwebp")
endif()
configure_file(cmake/scantling.pc.in "${PROJECT_BINARY_DIR}/package/scantling.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/scantling.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT static)
