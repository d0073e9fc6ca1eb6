// SQL frames: text in, zstd frame with its digest out, and back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dbomsbak/base/digest.h"

namespace dbomsbak {

// A frame on its way to the file.
struct CompressedFrame {
  std::string stored;
  std::uint32_t text_size = 0;
  Sha256Digest sha256;  // of `stored`
};

// Compresses frames, each independent, with content size and content checksum. Level 0 stores.
// Levels 2 to 4 give way to 1 where it packs a text as small. One object a thread.
class FrameCompressor {
 public:
  explicit FrameCompressor(int level);
  ~FrameCompressor();
  CompressedFrame Compress(std::string_view text);
  // The same in two steps: the text may go in between, so that a giant frame is not there three
  // times.
  void Pack(std::string_view text);
  CompressedFrame Take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One object a thread. Errors are kDamaged.
class FrameDecompressor {
 public:
  FrameDecompressor();
  ~FrameDecompressor();
  // `text_size` comes from a checked index; a frame of any other size is damaged. Replaces `text`.
  void Decompress(std::string_view stored, std::uint32_t text_size, std::string& text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbomsbak
