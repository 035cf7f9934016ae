// Store: the generations on disk, each a folder that never changes once it has its number:
//
//   STATE/generations/7/sources/NAME.toml   what people wrote
//   STATE/generations/7/image               what it was compiled to (a cache: rebuilt when a program refuses
//   it) STATE/generations/7/about.json          who, when, why STATE/generations/7/abandoned           why it
//   never became the policy, if it didn't STATE/confirmed -> generations/7        the policy;
//   STATE/confirmed/image is what the dataplane starts from
//
// A generation is written under another name, synced and renamed, and becomes the policy by the exchange of
// one link: killed at any point, the store has the old policy or the new one, whole. Numbers are never used
// again, so that an event's number names one content for ever. Owned by the daemon alone (a lock). Not
// thread-safe. At most kKept generations, with kImagesKept images, are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/ruleset/disk.hpp"
#include "dataplane/channel/socket.hpp"
#include "rules/base/ids.hpp"
#include "rules/compile/compile.hpp"

namespace sluice {

struct About {
  std::uint64_t generation = 0;
  std::string time;     // as in events
  std::string message;  // of who committed it
  std::string origin;   // where the sources came from
  std::uint32_t user = 0;
  std::string digest;  // of the image, hexadecimal
  std::string source_digest;
  std::string abandoned;  // why; empty when it was not
};

class Store {
 public:
  static constexpr std::size_t kKept = 100;
  static constexpr std::size_t kImagesKept = 8;

  // Makes the folders when they are missing, and removes what a killed process left half-written.
  static Result<Store> open(const std::string& state, Disk disk = {});

  // Writes the sources of a new generation, greater than every one before and than `running`. The folder they
  // are in is to be compiled; then stage() or drop().
  struct Draft {
    Generation generation;
    std::string folder;
    std::string sources;
  };
  Result<Draft> draft(std::span<const compile::Source> sources, Generation running);
  // Adds image and about: the generation now exists, without being the policy.
  Result<void> stage(const Draft& draft, ByteView image, const About& about);
  Result<void> drop(const Draft& draft);

  // Makes a staged generation the policy.
  Result<void> confirm(Generation generation);
  // Says why a staged generation did not become the policy, and forgets its image.
  Result<void> abandon(Generation generation, const std::string& why);
  // Another image of the same sources, for another program or processor.
  Result<void> replace_image(Generation generation, ByteView image);

  [[nodiscard]] Generation confirmed() const;  // 0: none
  // Staged, newer than the policy, neither confirmed nor abandoned.
  [[nodiscard]] std::vector<Generation> undecided() const;
  [[nodiscard]] std::vector<About> history() const;  // newest first
  [[nodiscard]] Result<std::vector<std::uint8_t>> image(Generation generation) const;
  [[nodiscard]] std::string sources_of(Generation generation) const;

 private:
  Store(std::string state, Disk disk, channel::Descriptor lock)
      : state_{std::move(state)}, disk_{std::move(disk)}, lock_{std::move(lock)} {}
  Result<void> prepare();
  void prune();
  [[nodiscard]] std::string generations() const { return state_ + "/generations"; }
  [[nodiscard]] std::string folder_of(Generation generation) const;
  [[nodiscard]] std::vector<std::uint64_t> numbers() const;  // ascending

  std::string state_;
  Disk disk_;
  channel::Descriptor lock_;
};

}  // namespace sluice
