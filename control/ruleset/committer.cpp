#include "control/ruleset/committer.hpp"

#include <fmt/format.h>

#include <cstring>

#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"

namespace sluice {
namespace {

image::Header header_of(ByteView image) {
  image::Header header;
  if (image.size() >= sizeof header) std::memcpy(&header, image.data(), sizeof header);
  return header;
}

Rejected rejected(Rejected::Kind kind, Error error) {
  Rejected out;
  out.kind = kind;
  out.diagnostics.add(std::move(error));
  return out;
}

// The compiler saw copies: what it says is about the files that people have.
Diagnostics about_originals(const Diagnostics& said, const std::string& folder,
                            std::span<const compile::Source> sources) {
  Diagnostics out;
  for (auto error : said.errors()) {
    for (const auto& source : sources) {
      const auto slash = source.name.find_last_of('/');
      const auto name = slash == std::string::npos ? source.name : source.name.substr(slash + 1);
      if (error.where.file == folder + '/' + name) {
        error.where.file = source.name;
        break;
      }
    }
    out.add(std::move(error));
  }
  return out;
}

bool about_configuration(const Diagnostics& diagnostics) {
  for (const auto& error : diagnostics.errors()) {
    if (!error.where.file.empty()) return true;
  }
  return false;
}

}  // namespace

std::string hexadecimal(const image::Digest& digest) { return fmt::format("{:02x}", fmt::join(digest, "")); }

std::variant<Committed, Rejected> Committer::commit(const CommitRequest& request) {
  const auto now = dataplane_.ask();
  if (!now) {
    return rejected(Rejected::Kind::dataplane,
                    {{}, "the dataplane is not connected; nothing has changed", "start sluice-dataplane"});
  }
  const auto draft = store_.draft(request.sources, {now->running});
  if (!draft) return rejected(Rejected::Kind::daemon, draft.error());
  const auto generation = draft->generation;

  Diagnostics said;
  auto compiled = compile_(draft->sources, said);
  if (!compiled) {
    (void)store_.drop(*draft);
    return Rejected{about_configuration(said) ? Rejected::Kind::configuration : Rejected::Kind::daemon,
                    about_originals(said, draft->sources, request.sources)};
  }
  image::set_generation(compiled->image, generation.value);
  About about;
  about.generation = generation.value;
  about.time = request.time;
  about.message = request.message;
  about.origin = request.origin;
  about.user = request.user;
  about.digest = hexadecimal(header_of(compiled->image).digest);
  about.source_digest = hexadecimal(compiled->source_digest);
  if (auto staged = store_.stage(*draft, compiled->image, about); !staged) {
    return rejected(Rejected::Kind::daemon, staged.error());
  }

  const auto answer = publish(generation, compiled->image);
  if (!answer) {
    auto error = answer.error();
    error.what = fmt::format("it is not known whether generation {} runs: {}", generation.value, error.what);
    error.remedy = "it is found out as soon as the dataplane answers: see `sluice status`";
    return rejected(Rejected::Kind::dataplane, std::move(error));
  }
  if (answer->done == 0) {
    const std::string why{answer->reason.get()};
    auto refused = rejected(Rejected::Kind::dataplane, {{}, "the dataplane refuses: " + why, {}});
    if (auto done = store_.abandon(generation, why); !done) refused.diagnostics.add(done.error());
    return refused;
  }

  Committed committed{generation, compiled->summary, about.source_digest, {}};
  if (auto done = store_.confirm(generation); !done) {
    // It runs; the disk has the one before. The next reconcile() tries again.
    return rejected(Rejected::Kind::daemon,
                    {{},
                     fmt::format("generation {} runs, but is not yet what the dataplane starts from: {}",
                                 generation.value, done.error().text()),
                     "make the disk writable, and commit again"});
  }
  if (const auto confirmed = dataplane_.confirm(generation); !confirmed) {
    committed.remarks.push_back("the dataplane was not told that it is confirmed: " +
                                confirmed.error().text());
  } else if (confirmed->done == 0) {
    committed.remarks.push_back("the dataplane does not confirm: " + std::string{confirmed->reason.get()});
  }
  return committed;
}

Result<channel::Answer> Committer::publish(Generation generation, ByteView image) {
  const auto sealed = channel::seal(image, "sluice-image");
  if (!sealed) {
    // Nothing was sent, so it is known that nothing runs.
    channel::Answer answer;
    answer.reason.set(sealed.error().text());
    return answer;
  }
  return dataplane_.publish(sealed->get(), generation, header_of(image).digest, Duration{});
}

Result<void> Committer::rebuild(Generation generation) {
  Diagnostics said;
  auto compiled = compile_(store_.sources_of(generation), said);
  if (!compiled) {
    return said.empty() ? failure("the compiler says nothing") : tl::unexpected{said.errors().front()};
  }
  image::set_generation(compiled->image, generation.value);
  return store_.replace_image(generation, compiled->image);
}

std::vector<std::string> Committer::reconcile() {
  std::vector<std::string> remarks;
  const auto now = dataplane_.ask();
  if (!now) return remarks;
  for (const auto generation : store_.undecided()) {
    const auto image = store_.image(generation);
    const bool runs =
        now->running == generation.value && image && header_of(*image).digest == now->running_digest;
    const auto done = runs ? store_.confirm(generation)
                           : store_.abandon(generation, "the daemon or the dataplane ended before it ran");
    remarks.push_back(!done
                          ? fmt::format("generation {}: {}", generation.value, done.error().text())
                          : fmt::format("generation {} was under way: it {}", generation.value,
                                        runs ? "runs, and is the policy" : "does not run, and is abandoned"));
    if (runs && done) (void)dataplane_.confirm(generation);
  }
  const auto policy = store_.confirmed();
  if (now->running == 0 && policy.value != 0) {
    restore(remarks);
  } else if (now->running != policy.value) {
    remarks.push_back(
        fmt::format("the dataplane runs generation {}, the disk has generation {}: the dataplane's word "
                    "counts, commit to make them one",
                    now->running, policy.value));
  } else {
    const auto image = store_.image(policy);
    if (policy.value != 0 && (!image || header_of(*image).digest != now->running_digest)) {
      remarks.push_back(
          fmt::format("the dataplane runs another generation {} than the disk has: commit to make them one",
                      now->running));
    } else if (policy.value != 0 && now->confirmed != policy.value) {
      (void)dataplane_.confirm(policy);
    }
  }
  return remarks;
}

void Committer::restore(std::vector<std::string>& remarks) {
  const auto policy = store_.confirmed();
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) {
      if (auto done = rebuild(policy); !done) {
        remarks.push_back(
            fmt::format("generation {} can't be built again: {}", policy.value, done.error().text()));
        return;
      }
      remarks.push_back(fmt::format("generation {} was built again for this program", policy.value));
    }
    const auto image = store_.image(policy);
    if (!image) continue;
    if (const auto aligned = image::AlignedBytes::copy(*image);
        !image::ImageView::open(aligned.view(), schemas_))
      continue;
    const auto answer = publish(policy, *image);
    if (!answer) {
      remarks.push_back("the dataplane got no policy: " + answer.error().text());
      return;
    }
    if (answer->done == 1) {
      (void)dataplane_.confirm(policy);
      remarks.push_back(fmt::format("the dataplane had no policy and was given generation {}", policy.value));
      return;
    }
    remarks.push_back("the dataplane refuses the policy: " + std::string{answer->reason.get()});
  }
}

}  // namespace sluice
