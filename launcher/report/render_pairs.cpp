// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/render_pairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/svg_text.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_hosts = 64;
constexpr std::size_t most_failed = 100;
constexpr int letter = 12;

std::string speed_of(const RecordedPair& pair) {
  return pair.busbw_gbps ? fmt::format("{:.3g} GB/s", *pair.busbw_gbps) : "";
}

std::string words_of(const RecordedPair& pair) {
  return fmt::format("{} and {}: {}", pair.first, pair.second,
                     !pair.passed             ? "failed: " + pair.why
                     : speed_of(pair).empty() ? "passed"
                                              : speed_of(pair));
}

class HeatMap {
 public:
  HeatMap(const std::vector<RecordedPair>& pairs, const std::vector<std::string>& hosts)
      : pairs_(pairs), hosts_(hosts), cell_(std::clamp(900 / static_cast<int>(hosts.size()), 12, 56)) {
    int longest = 0;
    for (const std::string& host : hosts) longest = std::max(longest, text_width(host, letter));
    left_ = std::min(longest, 180) + 8;
    for (const RecordedPair& pair : pairs) best_ = std::max(best_, pair.busbw_gbps.value_or(0));
  }

  std::string render() {
    const int size = left_ + cell_ * static_cast<int>(hosts_.size()) + 2;
    std::string out = fmt::format(
        "<svg viewBox=\"0 0 {0} {0}\" style=\"max-width:{0}px\" role=\"img\" aria-label=\"bandwidth of every "
        "two hosts\">\n",
        size);
    std::map<std::string, int> at;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      const int middle = left_ + static_cast<int>(i) * cell_ + cell_ / 2 + 4;
      const std::string name = xml_text(fitted(hosts_[i], left_ - 6, letter));
      at[hosts_[i]] = static_cast<int>(i);
      out += fmt::format(
          "<text x=\"{0}\" y=\"{1}\" text-anchor=\"end\">{2}</text><text transform=\"translate({1} {0}) "
          "rotate(-90)\">{2}</text>\n",
          left_ - 4, middle, name);
    }
    for (const RecordedPair& pair : pairs_)
      for (const auto& [x, y] :
           {std::pair(at[pair.first], at[pair.second]), std::pair(at[pair.second], at[pair.first])})
        out += cell(pair, left_ + x * cell_, left_ + y * cell_);
    return out + "</svg>\n";
  }

 private:
  [[nodiscard]] std::string cell(const RecordedPair& pair, int x, int y) const {
    constexpr double palest = 0.15;
    const double share = best_ <= 0 ? 1 : std::clamp(pair.busbw_gbps.value_or(0) / best_, palest, 1.0);
    return fmt::format(
        "<rect class=\"{}\" fill-opacity=\"{:.2f}\" x=\"{}\" y=\"{}\" width=\"{}\" "
        "height=\"{}\"><title>{}</title></rect>\n",
        pair.passed ? "work" : "bad", pair.passed ? share : 1.0, x, y, cell_ - 1, cell_ - 1,
        xml_text(words_of(pair)));
  }

  const std::vector<RecordedPair>& pairs_;
  const std::vector<std::string>& hosts_;
  int cell_;
  int left_ = 0;
  double best_ = 0;
};

std::string render_failed(const std::vector<RecordedPair>& pairs) {
  std::string out;
  std::size_t failed = 0;
  for (const RecordedPair& pair : pairs) {
    if (pair.passed || ++failed > most_failed) continue;
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", xml_text(pair.first),
                       xml_text(pair.second), xml_text(pair.why));
  }
  if (failed > most_failed)
    out += fmt::format("<tr><td colspan=3>… {} more</td></tr>\n", failed - most_failed);
  return out.empty()
             ? ""
             : "<table><tr><th>host</th><th>host</th><th>why they failed</th></tr>\n" + out + "</table>\n";
}

}  // namespace

std::string render_pairs_html(const std::vector<RecordedPair>& pairs) {
  if (pairs.empty()) return "";
  std::vector<std::string> hosts;
  std::map<std::string, bool> known;
  for (const RecordedPair& pair : pairs)
    for (const std::string* host : {&pair.first, &pair.second})
      if (known.emplace(*host, true).second) hosts.push_back(*host);
  const auto failed =
      std::count_if(pairs.begin(), pairs.end(), [](const RecordedPair& pair) { return !pair.passed; });
  double best = 0;
  for (const RecordedPair& pair : pairs) best = std::max(best, pair.busbw_gbps.value_or(0));
  const std::string speed = best > 0 ? fmt::format("; the fastest {:.3g} GB/s", best) : "";
  return fmt::format("<p>{} pair{} of {} hosts tested, {} failed{}{}</p>\n", pairs.size(),
                     pairs.size() == 1 ? "" : "s", hosts.size(), failed, speed,
                     best > 0 && hosts.size() <= most_hosts ? "; the paler, the slower" : "") +
         (hosts.size() <= most_hosts ? HeatMap(pairs, hosts).render() : render_failed(pairs));
}

}  // namespace smlaunch
