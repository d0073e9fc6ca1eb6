// What a test has to know of the sanitizer it runs under.
#pragma once

#include <cstddef>

namespace dbomsbak {

// Loops over every bit or byte of a file take each one; under the thread sanitizer one of 13. A
// program is some twenty times slower there, and the ten-thousandth changed byte takes the threads
// the same way as the first.
#ifdef __SANITIZE_THREAD__
inline constexpr std::size_t kStride = 13;
#else
inline constexpr std::size_t kStride = 1;
#endif

// UBSan looks through a pipe whether an object's memory can be read, and takes a failure for a "no":
// a test of what happens without descriptors would meet that alone.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitizerTakesDescriptors = true;
#else
inline constexpr bool kSanitizerTakesDescriptors = false;
#endif

}  // namespace dbomsbak
