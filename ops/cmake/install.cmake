# What `cmake --install` puts where. The program looks for its own files from where it lies (gateway/role/paths.h), so that an
# installation can be moved as a whole; share/wardgate is laid out like the source, because what its files say of each
# other's places holds in both.
set(data ${CMAKE_INSTALL_DATADIR}/wardgate)
set(units lib/systemd/system) # below the prefix: /usr and /usr/local are both looked at (systemd.unit(5))

install(TARGETS wardgate RUNTIME)
get_property(readers GLOBAL PROPERTY WG_READERS)
install(TARGETS ${readers} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/wardgate)
install(DIRECTORY xsd policy DESTINATION ${data} FILES_MATCHING PATTERN *.xsd PATTERN *.xml PATTERN *.md PATTERN *.txt
	PATTERN england-whole.xml EXCLUDE) # a test over notices that only the source has
install(DIRECTORY adapters/maps DESTINATION ${data}/adapters)
install(DIRECTORY ${CMAKE_BINARY_DIR}/forms DESTINATION ${data})
install(FILES ops/openapi.yaml DESTINATION ${data}/ops)
install(FILES ops/postgresql/roles.sql DESTINATION ${data}/ops/postgresql)
install(PROGRAMS certs-example/make DESTINATION ${data}/certs-example)

install(FILES ops/man/wardgate.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ops/man/wardgate-policy.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ops/man/wardgate-api.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
install(FILES README.md CHANGELOG.md LICENSE ops/BACKUP.md ops/SCALING.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The unit and the example name places in full, and these are known only when it is known where to install (--prefix).
install(CODE "
	get_filename_component(bindir \"${CMAKE_INSTALL_BINDIR}\" ABSOLUTE BASE_DIR \"\${CMAKE_INSTALL_PREFIX}\")
	get_filename_component(datadir \"${data}\" ABSOLUTE BASE_DIR \"\${CMAKE_INSTALL_PREFIX}\")
	configure_file(\"${CMAKE_SOURCE_DIR}/ops/systemd/wardgate.service.in\" \"${CMAKE_BINARY_DIR}/wardgate.service\" @ONLY)
	configure_file(\"${CMAKE_SOURCE_DIR}/ops/gateway-example.xml.in\" \"${CMAKE_BINARY_DIR}/gateway-example.xml\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/gateway-example.xml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples RENAME gateway.xml)
install(FILES policy/directory-example.xml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples RENAME directory.xml)
install(FILES ${CMAKE_BINARY_DIR}/wardgate.service DESTINATION ${units})
install(FILES ops/systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME wardgate.conf)
install(FILES ops/systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME wardgate.conf)
