// Versions of OMS, and which upgrades between them its makers document.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

struct OmsVersion {
  unsigned major = 0, minor = 0, patch = 0;
  auto operator<=>(const OmsVersion&) const = default;
  std::string text() const;  // "4.0.0"
};

// The first "N.N.N" of the text: "feature_4.0.0-ce", "V4.0.0-CE", "4.0.0".
std::optional<OmsVersion> ParseOmsVersion(std::string_view text);
// That of the image's tag; nothing without a tag ("registry:5000/oms") or with one that tells none.
std::optional<OmsVersion> VersionOfImage(std::string_view image);

// Every version that the table leads to, and from where.
struct UpgradePath {
  OmsVersion to;
  std::vector<OmsVersion> from;  // none: new deployments only
};
const std::vector<UpgradePath>& UpgradePaths();

bool IsDocumentedPath(const OmsVersion& from, const OmsVersion& to);
// The shortest way by documented upgrades, both ends included; empty when there is none.
std::vector<OmsVersion> WayBetween(const OmsVersion& from, const OmsVersion& to);

// The new container needs IS_UPGRADE=true.
bool NeedsIsUpgrade(const OmsVersion& to);
// The source part of connectors that synchronise DDL must name dbType or db_type.
bool MayLackDbType(const OmsVersion& from);

}  // namespace dbomsbak
