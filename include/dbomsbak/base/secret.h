// A password on its way from where it was found to the server.
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// Cannot be printed or compared by accident; its memory is wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(const Secret& other) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool empty() const noexcept { return text_.empty(); }
  // For handing to the client library only.
  const std::string& Reveal() const noexcept { return text_; }

 private:
  std::string text_;
};

// Overwrites memory in a way that the compiler may not leave out.
void Wipe(void* data, std::size_t size) noexcept;

}  // namespace dbomsbak
