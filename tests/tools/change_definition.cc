// Writes an archive that differs from another in the definition of one object, and is good all the
// same: frames, digests and index fit. For tests of what only a server can tell.
//   change_definition ARCHIVE OUT KIND DATABASE NAME FROM TO
// FROM stands once in the definition; TO is as long as it is. Not for tables.
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/archive/archive_writer.h"
#include "dbomsbak/archive/frame.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/file.h"

namespace {

int Run(const std::string& in, const std::string& out, const std::string& kind,
        const std::string& database, const std::string& name, const std::string& from,
        const std::string& to) {
  using namespace dbomsbak;
  const auto parsed = ParseObjectKind(kind);
  if (!parsed || from.size() != to.size()) throw std::runtime_error("bad arguments");
  FileSystem& files = FileSystem::Posix();
  const ArchiveReader archive = ArchiveReader::Open(files.OpenForReading(in));
  const ObjectId id{database, *parsed, name};
  const auto object = archive.FindObject(id);
  if (!object || !object->create) throw std::runtime_error("no such object");
  constexpr std::size_t kMost = std::size_t{1} << 20;
  std::string create = archive.ReadSliceText(*object->create, kMost);
  const std::size_t at = create.find(from);
  if (at == std::string::npos || create.find(from, at + 1) != std::string::npos) {
    throw std::runtime_error("the text does not stand once in the definition");
  }
  create.replace(at, from.size(), to);

  const auto file = files.CreateLocked(out);
  ArchiveWriter writer(*file, archive.header());
  constexpr int kLevel = 3;
  FrameCompressor compressor(kLevel);
  std::string text;
  for (std::uint64_t frame = 0; frame < archive.frame_count(); ++frame) {
    archive.ReadFrame(frame, text);
    if (frame == object->create->frame) {
      if (object->create->offset + create.size() > text.size()) {
        throw std::runtime_error("the definition runs on into another frame");
      }
      text.replace(object->create->offset, create.size(), create);
    }
    writer.AppendFrame(compressor.Compress(text));
  }
  archive.ForEachObject([&](ObjectRecord&& record) {
    if (record.id == id) record.definition_sha256 = Sha256(create).hex();
    writer.AddObject(record);
    return true;
  });
  writer.Finish();
  file->Sync();
  file->Close();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kArguments = 8;
  if (argc != kArguments) return 2;
  try {
    return Run(argv[1], argv[2], argv[3], argv[4], argv[5], argv[6], argv[7]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
