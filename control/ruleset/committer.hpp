// Committer: makes a configuration the policy, as a transaction: sources to disk, compile in the child, image
// to disk, hand it to the dataplane, and only when that runs it, exchange the policy on disk. What was before
// stays until then. After a death of either side, reconcile() finds out from the dataplane, whose word
// counts, how far it came. Logs nothing: it returns what there is to say. Not thread-safe; blocks for as long
// as the compiler and the dataplane take.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "control/ruleset/compile_child.hpp"
#include "control/ruleset/store.hpp"
#include "dataplane/channel/contract.hpp"

namespace sluice {

// The dataplane as the committer sees it.
class Dataplane {
 public:
  // Asked now; nothing while it is not connected.
  virtual std::optional<channel::State> ask() = 0;
  // A Result without a value: it is not known what became of it.
  virtual Result<channel::Answer> publish(int image, Generation generation, const channel::Digest& digest,
                                          Duration confirm_within) = 0;
  virtual Result<channel::Answer> confirm(Generation generation) = 0;

 protected:
  ~Dataplane() = default;
};

struct CommitRequest {
  std::vector<compile::Source> sources;
  std::string origin;  // where they came from
  std::string message;
  std::uint32_t user = 0;
  std::string time;
};

struct Committed {
  Generation generation;
  compile::Summary summary;
  std::string source_digest;  // hexadecimal
  std::vector<std::string> remarks;
};

struct Rejected {
  enum class Kind : std::uint8_t {
    configuration,  // what people wrote
    dataplane,      // not there, or it refused
    daemon,         // disk, compiler
  };
  Kind kind = Kind::configuration;
  Diagnostics diagnostics;
};

class Committer {
 public:
  using Compile =
      std::function<std::optional<CompiledImage>(const std::string& path, Diagnostics& diagnostics)>;

  // All live longer.
  Committer(Store& store, Dataplane& dataplane, Schemas schemas, Compile compile)
      : store_{store}, dataplane_{dataplane}, schemas_{schemas}, compile_{std::move(compile)} {}

  std::variant<Committed, Rejected> commit(const CommitRequest& request);

  // After a connect: finishes or abandons what was under way, and gives the policy to a dataplane that has
  // none. For the log.
  std::vector<std::string> reconcile();

 private:
  Result<void> rebuild(Generation generation);
  Result<channel::Answer> publish(Generation generation, ByteView image);
  void restore(std::vector<std::string>& remarks);

  Store& store_;
  Dataplane& dataplane_;
  Schemas schemas_;
  Compile compile_;
};

std::string hexadecimal(const image::Digest& digest);

}  // namespace sluice
