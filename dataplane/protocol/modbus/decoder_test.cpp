#include "dataplane/protocol/modbus/decoder.hpp"

#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/modbus/schema.hpp"

namespace sluice::modbus {
namespace {

TEST(ModbusDecoder, reads_a_poll_of_ten_registers) {
  Recorder recorder{protocol};
  EXPECT_EQ(recorder.decode(Role::client, bytes_of_hex("0001 0000 0006 07 03 0010 000a")), Malformed::fine);
  EXPECT_EQ(recorder.exchange(), "request 3");
  EXPECT_EQ(recorder.header,
            "mbtcp.trans_id=1 mbtcp.prot_id=0 mbtcp.len=6 mbtcp.unit_id=7 modbus.func_code=3");
  ASSERT_EQ(recorder.items.size(), 1U);
  EXPECT_EQ(recorder.items[0],
            "read_holding_registers read [holding 16..25] modbus.reference_num=16 modbus.word_cnt=10");
}

}  // namespace
}  // namespace sluice::modbus
