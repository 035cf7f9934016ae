#include "control/ruleset/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "control/config/config.hpp"
#include "rules/image/format.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// A half-written thing; never the name of a generation.
constexpr std::string_view kHalf = ".half-";

std::optional<std::uint64_t> number_of(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number == 0 || name.front() == '0')
    return {};
  return number;
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

// Runs steps until one fails.
template <class... Steps>
Result<void> in_turn(Steps&&... steps) {
  Result<void> done;
  (void)((done = steps()).has_value() && ...);
  return done;
}

std::string json_of(const About& about) {
  const nlohmann::ordered_json json = {{"generation", about.generation},
                                       {"time", about.time},
                                       {"message", about.message},
                                       {"origin", about.origin},
                                       {"user", about.user},
                                       {"digest", about.digest},
                                       {"source_digest", about.source_digest}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

std::string base_name(const std::string& path) { return fs::path{path}.filename().string(); }

}  // namespace

Result<Store> Store::open(const std::string& state, Disk disk) {
  std::error_code ignored;
  fs::create_directories(fs::path{state}.parent_path(), ignored);
  if (auto made = disk.make_folder(state); !made) return tl::unexpected{made.error()};
  const auto path = state + "/lock";
  channel::Descriptor lock{
      ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)};
  if (!lock.open()) return failure(channel::errno_text(path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return failure(state + " is in use by another sluiced", "stop it, or choose another folder");
  }
  Store store{state, std::move(disk), std::move(lock)};
  if (auto done = store.prepare(); !done) return tl::unexpected{done.error()};
  return store;
}

Result<void> Store::prepare() {
  if (auto done = in_turn([&] { return disk_.make_folder(generations()); },
                          [&] { return disk_.sync_folder(state_); });
      !done) {
    return done;
  }
  for (const auto& folder : {state_, generations()}) {
    for (const auto& name : names_in(folder)) {
      if (!name.starts_with(kHalf)) continue;
      if (auto done = disk_.remove(folder + '/' + name); !done) return done;
    }
  }
  return {};
}

std::string Store::folder_of(Generation generation) const {
  return generations() + '/' + std::to_string(generation.value);
}

std::vector<std::uint64_t> Store::numbers() const {
  std::vector<std::uint64_t> numbers;
  for (const auto& name : names_in(generations())) {
    if (const auto number = number_of(name)) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

Result<Store::Draft> Store::draft(std::span<const compile::Source> sources, Generation running) {
  const auto known = numbers();
  Draft draft;
  draft.generation = {std::max(known.empty() ? 0 : known.back(), std::max(running.value, confirmed().value)) +
                      1};
  draft.folder = generations() + '/' + std::string{kHalf} + std::to_string(draft.generation.value);
  draft.sources = draft.folder + "/sources";
  std::set<std::string> names;
  for (const auto& source : sources) {
    const auto name = base_name(source.name);
    if (name.empty() || name.starts_with('.') || !name.ends_with(".toml") || name.size() > 200 ||
        name.find('\0') != std::string::npos) {
      return failure("`" + source.name + "` can't be the name of a source", "use names like plant.toml");
    }
    if (!names.insert(name).second)
      return failure("two sources have the name `" + name + '`', "rename one of them");
  }
  auto done =
      in_turn([&] { return disk_.remove(draft.folder); }, [&] { return disk_.make_folder(draft.folder); },
              [&] { return disk_.make_folder(draft.sources); });
  for (const auto& source : sources) {
    if (!done) break;
    done = disk_.write_new(draft.sources + '/' + base_name(source.name), bytes_of(source.text));
  }
  if (done) done = disk_.sync_folder(draft.sources);
  if (!done) {
    (void)disk_.remove(draft.folder);
    return tl::unexpected{done.error()};
  }
  return draft;
}

Result<void> Store::stage(const Draft& draft, ByteView image, const About& about) {
  const auto text = json_of(about);
  auto done = in_turn([&] { return disk_.write_new(draft.folder + "/image", image); },
                      [&] { return disk_.write_new(draft.folder + "/about.json", bytes_of(text)); },
                      [&] { return disk_.sync_folder(draft.folder); },
                      [&] { return disk_.rename(draft.folder, folder_of(draft.generation)); },
                      [&] { return disk_.sync_folder(generations()); });
  if (!done) (void)disk_.remove(draft.folder);
  return done;
}

Result<void> Store::drop(const Draft& draft) { return disk_.remove(draft.folder); }

Result<void> Store::confirm(Generation generation) {
  if (!exists(folder_of(generation) + "/image")) {
    return failure("generation " + std::to_string(generation.value) + " is not on the disk");
  }
  const auto half = state_ + '/' + std::string{kHalf} + "confirmed";
  auto done = in_turn([&] { return disk_.remove(half); },
                      [&] { return disk_.link("generations/" + std::to_string(generation.value), half); },
                      [&] { return disk_.rename(half, state_ + "/confirmed"); },
                      [&] { return disk_.sync_folder(state_); });
  if (done) prune();
  return done;
}

Result<void> Store::abandon(Generation generation, const std::string& why) {
  if (generation == confirmed()) return failure("the policy can't be abandoned");
  const auto folder = folder_of(generation);
  const auto half = folder + '/' + std::string{kHalf} + "abandoned";
  return in_turn([&] { return disk_.remove(half); }, [&] { return disk_.write_new(half, bytes_of(why)); },
                 [&] { return disk_.rename(half, folder + "/abandoned"); },
                 [&] { return disk_.remove(folder + "/image"); }, [&] { return disk_.sync_folder(folder); });
}

Result<void> Store::replace_image(Generation generation, ByteView image) {
  const auto folder = folder_of(generation);
  const auto half = folder + '/' + std::string{kHalf} + "image";
  return in_turn([&] { return disk_.remove(half); }, [&] { return disk_.write_new(half, image); },
                 [&] { return disk_.rename(half, folder + "/image"); },
                 [&] { return disk_.sync_folder(folder); });
}

Generation Store::confirmed() const {
  std::error_code error;
  const auto target = fs::read_symlink(state_ + "/confirmed", error);
  if (error) return {};
  return {number_of(target.filename().string()).value_or(0)};
}

std::vector<Generation> Store::undecided() const {
  std::vector<Generation> out;
  const auto policy = confirmed();
  for (const auto number : numbers()) {
    if (number > policy.value && !exists(folder_of({number}) + "/abandoned")) out.push_back({number});
  }
  return out;
}

std::vector<About> Store::history() const {
  constexpr std::size_t kMost = 1U << 20U;
  std::vector<About> out;
  auto all = numbers();
  std::ranges::reverse(all);
  for (const auto number : all) {
    About about;
    about.generation = number;
    const auto folder = folder_of({number});
    if (const auto text = config::read_text(folder + "/about.json", kMost)) {
      const auto json = nlohmann::json::parse(*text, nullptr, false);
      const auto get = [&](const char* key) {
        const auto found = json.is_object() ? json.find(key) : json.end();
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
      };
      about.time = get("time");
      about.message = get("message");
      about.origin = get("origin");
      about.digest = get("digest");
      about.source_digest = get("source_digest");
      if (json.is_object() && json.contains("user") && json["user"].is_number_unsigned())
        about.user = json["user"];
    }
    if (auto why = config::read_text(folder + "/abandoned", kMost)) {
      about.abandoned = why->empty() ? "unknown" : std::move(*why);
    }
    out.push_back(std::move(about));
  }
  return out;
}

Result<std::vector<std::uint8_t>> Store::image(Generation generation) const {
  const auto text = config::read_text(folder_of(generation) + "/image", image::kMostBytes);
  if (!text) return tl::unexpected{text.error()};
  return std::vector<std::uint8_t>(text->begin(), text->end());
}

std::string Store::sources_of(Generation generation) const { return folder_of(generation) + "/sources"; }

// Failures are of no consequence: the next confirm() tries again.
void Store::prune() {
  const auto all = numbers();
  const auto policy = confirmed();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Generation generation{all[i]};
    const auto newer = all.size() - 1 - i;
    if (generation.value >= policy.value) continue;
    if (newer >= kKept) {
      // Under another name first, so that a number is never half a generation.
      const auto half = generations() + '/' + std::string{kHalf} + "old-" + std::to_string(generation.value);
      if (disk_.rename(folder_of(generation), half)) (void)disk_.remove(half);
    } else if (newer >= kImagesKept) {
      (void)disk_.remove(folder_of(generation) + "/image");
    }
  }
}

}  // namespace sluice
