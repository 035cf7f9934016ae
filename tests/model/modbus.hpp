// Modbus/TCP as a model reads it: one message at a time, straight from MODBUS Application Protocol V1.1b3
// ("AP") and the TCP/IP guide ("MG"). Written for plainness; knows nothing of the product. Pure, no memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/policy.hpp"

namespace sluice::model {

using Bytes = const std::uint8_t*;

struct Named {
  FunctionId id;
  const char* name;
  Access access;
};
const std::vector<Named>& named_functions();
const Named* named(const FunctionId& id);
std::string name_of(const FunctionId& id);

// How long the message is whose first `have` bytes are here: 0 when that can't be told yet, -1 when no
// message begins like this.
int length_of(Bytes message, std::size_t have);

// One thing that a request asks for.
struct Wish {
  FunctionId function;  // reserved sub-functions: the function as a whole
  Access access;
  bool touches;  // then the rest says what
  Space space;
  std::uint32_t key;
  std::uint32_t first;
  std::uint32_t count;
};

struct Request {
  bool fine = false;
  std::size_t wishes = 0;
  std::array<Wish, 40> wish;  // the first `wishes` of them
};
Request read_request(Bytes message, std::size_t size);

// What must be remembered of a request to know its answer.
struct Awaited {
  std::array<std::uint8_t, 14> start{};  // of the message, as far as it goes
  std::uint16_t size = 0;
  std::uint16_t expected = 0;  // bytes of file records in the answer
  bool stand_in = false;       // of a request that was denied: the refusal of any function answers it
};
Awaited await(Bytes message, std::size_t size);

// Is this an answer to that request? An exception is an answer to any.
bool answers(const Awaited& request, Bytes message, std::size_t size);

// A request that no device grants: a code that AP 5 leaves unassigned, nothing but zeros behind it.
bool is_stand_in(Bytes message, std::size_t size);

// A whole request, or the whole answer to one, with a function that AP names: what nobody sends by accident.
bool surely_request(Bytes message, std::size_t size);

}  // namespace sluice::model
