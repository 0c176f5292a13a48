# One static library per room, linked only downward, so that an upward call does not link.

# wg_room(NAME [ROOMS lower rooms...] [LIBS third-party targets...]): a room is the .c files of its folder.
function(wg_room name)
	cmake_parse_arguments(arg "" "" "ROOMS;LIBS" ${ARGN})
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
	add_library(wg_${name} STATIC ${sources})
	target_include_directories(wg_${name} PUBLIC ${CMAKE_SOURCE_DIR}/gateway)
	foreach(room ${arg_ROOMS})
		target_link_libraries(wg_${name} PUBLIC wg_${room})
	endforeach()
	target_link_libraries(wg_${name} PRIVATE ${arg_LIBS})
endfunction()

# How long one test may take: without optimisation, and counting every branch, far longer.
set(WG_TEST_SECONDS 300)
if(WG_COVERAGE)
	set(WG_TEST_SECONDS 1800)
endif()

# wg_test(ROOM FILE...): each FILE.c beside this list is a cmocka program that links the room and what lies below it.
function(wg_test room)
	foreach(name ${ARGN})
		add_executable(${name} ${name}.c)
		target_link_libraries(${name} PRIVATE wg_${room} PkgConfig::CMOCKA)
		target_compile_definitions(${name} PRIVATE WG_SOURCE_DIR="${CMAKE_SOURCE_DIR}" WG_BINARY_DIR="${CMAKE_BINARY_DIR}")
		add_test(NAME ${name} COMMAND ${name})
		set_tests_properties(${name} PROPERTIES TIMEOUT ${WG_TEST_SECONDS} LABELS ${room})
	endforeach()
endfunction()

# wg_fuzz(ROOM FILE CORPUS): FILE.c defines LLVMFuzzerTestOneInput. Always built with the replay driver, so that the
# corpus runs as an ordinary test; with WG_FUZZ also as a libFuzzer program.
function(wg_fuzz room name corpus)
	add_executable(${name}_replay ${name}.c ${CMAKE_SOURCE_DIR}/tests/fuzz_replay.c)
	target_link_libraries(${name}_replay PRIVATE wg_${room})
	target_compile_definitions(${name}_replay PRIVATE WG_SOURCE_DIR="${CMAKE_SOURCE_DIR}" WG_BINARY_DIR="${CMAKE_BINARY_DIR}")
	add_test(NAME ${name}_replay COMMAND ${name}_replay ${corpus})
	set_tests_properties(${name}_replay PROPERTIES TIMEOUT ${WG_TEST_SECONDS} LABELS ${room})
	if(WG_FUZZ)
		add_executable(${name} ${name}.c)
		target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
		target_link_libraries(${name} PRIVATE wg_${room})
		target_compile_definitions(${name} PRIVATE WG_SOURCE_DIR="${CMAKE_SOURCE_DIR}" WG_BINARY_DIR="${CMAKE_BINARY_DIR}")
	endif()
endfunction()
