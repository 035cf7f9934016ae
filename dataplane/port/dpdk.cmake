# The part of DPDK that sluice-dataplane is made of, linked statically and by name: linking all of it starts every driver
# (pkg-config names about 180 libraries, and needs the development files of all that any of them uses). Drivers register
# themselves at start, so the linker must take them whole; the rest it takes as needed.
set(dpdk_drivers
    bus_pci bus_vdev mempool_ring          # without the last, no pool can be made
    net_af_xdp net_af_packet               # kernel interfaces
    net_null net_ring net_memif            # measuring, tests, other processes
    net_virtio net_vmxnet3                 # guests
    net_e1000 net_igc net_ixgbe net_i40e net_iavf net_ice)  # cards
set(dpdk_libraries common_iavf hash rcu security cryptodev ethdev meter net mbuf mempool ring pci telemetry kvargs eal)

find_path(DPDK_INCLUDE rte_eal.h PATH_SUFFIXES dpdk REQUIRED)
find_path(DPDK_CONFIG_INCLUDE rte_build_config.h
          PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} PATH_SUFFIXES dpdk REQUIRED)
find_library(DPDK_EAL librte_eal.a REQUIRED)
get_filename_component(dpdk_folder ${DPDK_EAL} DIRECTORY)
set(dpdk_whole "")
foreach(name ${dpdk_drivers})
  list(APPEND dpdk_whole ${dpdk_folder}/librte_${name}.a)
endforeach()
set(dpdk_needed "")
foreach(name ${dpdk_libraries})
  list(APPEND dpdk_needed ${dpdk_folder}/librte_${name}.a)
endforeach()
foreach(file ${dpdk_whole} ${dpdk_needed})
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "${file} is missing: install libdpdk-dev")
  endif()
endforeach()

add_library(dpdk INTERFACE)
target_include_directories(dpdk SYSTEM INTERFACE ${DPDK_INCLUDE} ${DPDK_CONFIG_INCLUDE})
target_compile_options(dpdk INTERFACE -include rte_config.h -march=corei7)
target_link_libraries(dpdk INTERFACE -Wl,--whole-archive ${dpdk_whole} -Wl,--no-whole-archive
                      -Wl,--start-group ${dpdk_needed} -Wl,--end-group
                      xdp bpf elf z numa bsd Threads::Threads ${CMAKE_DL_LIBS} m)
