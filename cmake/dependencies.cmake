# What we link against. The same list, for people who link libscantling.a, is in
# scantling-config.cmake.in and scantling.pc.in.

if(SCT_STATIC_LIBRARIES) # for programs that run where only the C library is
    set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()
find_package(JPEG REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SCT_JANSSON REQUIRED IMPORTED_TARGET jansson)
if(SCT_WITH_PNG)
    pkg_check_modules(SCT_SPNG REQUIRED IMPORTED_TARGET spng zlib)
endif()
if(SCT_WITH_PNG AND SCT_WITH_ISAL)
    pkg_check_modules(SCT_ISAL REQUIRED IMPORTED_TARGET libisal)
endif()
if(SCT_WITH_WEBP)
    pkg_check_modules(SCT_WEBP REQUIRED IMPORTED_TARGET libwebp)
endif()
if(SCT_WITH_ICC)
    pkg_check_modules(SCT_LCMS REQUIRED IMPORTED_TARGET lcms2)
endif()
if(SCT_WITH_SANDBOX) # of the command, not of the library
    pkg_check_modules(SCT_SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
endif()
if(SCT_WITH_STORES) # of the command, not of the library
    # Of these two mostly their headers: without SCT_LINK_STORES they are loaded when they are needed.
    pkg_check_modules(SCT_CURL REQUIRED IMPORTED_TARGET libcurl>=7.84)
    pkg_check_modules(SCT_CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3)
    pkg_check_modules(SCT_EXPAT REQUIRED IMPORTED_TARGET expat)
endif()
if(SCT_WITH_STORES AND SCT_WITH_METRICS) # of the command, not of the library
    pkg_check_modules(SCT_MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75) # as above
endif()
if(SCT_WITH_HWY)
    pkg_check_modules(SCT_LIBHWY REQUIRED libhwy) # its headers, not its library
endif()
if(SCT_BUILD_TESTS)
    pkg_check_modules(SCT_CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    if(SCT_WITH_WEBP) # animations and metadata made by somebody else
        pkg_check_modules(SCT_WEBPMUX REQUIRED IMPORTED_TARGET libwebpmux libwebpdemux libwebp)
    endif()
    if(SCT_WITH_PNG)
        pkg_check_modules(SCT_LIBPNG REQUIRED IMPORTED_TARGET libpng)
    endif()
    # The system's own interpreter first: it is the one that sees Debian's python3-jsonschema.
    find_program(SCT_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
    find_program(SCT_PYTHON python3 REQUIRED)
endif()
