# Compiler and linker flags of everything that is built here. They are private to the build:
# who links libscantling gets none of them.

set(CMAKE_POSITION_INDEPENDENT_CODE ON) # one set of objects makes both libraries
set(CMAKE_C_VISIBILITY_PRESET hidden)   # what leaves the library says SCT_API
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wundef
                    "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>")
if(SCT_WERROR)
    add_compile_options(-Werror)
endif()

# Fused multiply-add rounds once where two instructions round twice. arm64 compilers fuse by
# default, and then the banks, computed in double, would differ between machines.
add_compile_options(-ffp-contract=off)

if(SCT_SANITIZE)
    string(REPLACE ";" "," sanitizers "${SCT_SANITIZE}")
    add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${sanitizers})
endif()

if(SCT_FUZZ) # what libFuzzer steers by
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
