// Whether a short list holds a value: words of SQL, numbers of errors, names.
#pragma once

#include <algorithm>

namespace dbomsbak {

template <typename List, typename T>
constexpr bool Contains(const List& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace dbomsbak
