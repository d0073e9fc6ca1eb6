// Under the thread sanitizer a program is some twenty times slower, and the ten-thousandth changed
// byte takes the threads the same way as the first.
#ifndef DBOMSBAK_TESTS_SUPPORT_THREAD_SANITIZER_H_
#define DBOMSBAK_TESTS_SUPPORT_THREAD_SANITIZER_H_

#include <cstddef>

namespace dbomsbak {

/// Loops over every bit or byte of a file take each one; under the thread sanitizer one of 13.
#ifdef __SANITIZE_THREAD__
inline constexpr std::size_t kStride = 13;
#else
inline constexpr std::size_t kStride = 1;
#endif

}  // namespace dbomsbak

#endif  // DBOMSBAK_TESTS_SUPPORT_THREAD_SANITIZER_H_
