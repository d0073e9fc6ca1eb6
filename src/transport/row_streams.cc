#include "transport/row_streams.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "transport/mysql_session.h"

namespace dbomsbak {
namespace {

// Character set number of the server's "binary".
constexpr unsigned kBinaryCharset = 63;

// Large enough for most values at once; a larger one grows its buffer when it comes.
constexpr std::size_t kFirstBuffer = 256;
constexpr std::size_t kLargestFirstBuffer = 16384;

std::size_t BytesOf(std::span<const Cell> cells) {
  std::size_t bytes = 0;
  for (const Cell& cell : cells) bytes += cell.size;
  return bytes;
}

// Reads on for a while; false when there is still more.
bool Drain(RowStream& stream) {
  std::size_t bytes = 0;
  for (std::size_t rows = 0; rows < kDrainRows && bytes < kDrainBytes; ++rows) {
    if (!stream.Next()) return true;
    bytes += BytesOf(stream.cells());
  }
  return false;
}

void FinishStream(RowStream& stream, bool& ended, MysqlSession& session) noexcept {
  if (ended) return;
  try {
    if (!session.lost() && !Drain(stream)) session.Cut("reading rows was given up");
  } catch (...) {  // an error ends the answer as well
  }
  ended = true;
  session.StreamEnded();
}

char* PutDigits(char* out, unsigned long value, unsigned digits) {
  for (unsigned i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + digits;
}

char* PutFraction(char* out, unsigned long microseconds, unsigned decimals) {
  if (decimals > 6) {  // the server does not say: as many digits as it sends
    if (microseconds == 0) return out;
    decimals = 6;
  }
  if (decimals == 0) return out;
  *out++ = '.';
  char digits[6];
  PutDigits(digits, microseconds, 6);
  std::memcpy(out, digits, decimals);
  return out + decimals;
}

char* PutDate(char* out, const MYSQL_TIME& time) {
  out = PutDigits(out, time.year, 4);
  *out++ = '-';
  out = PutDigits(out, time.month, 2);
  *out++ = '-';
  return PutDigits(out, time.day, 2);
}

char* PutClock(char* out, const MYSQL_TIME& time, unsigned long hours, unsigned decimals) {
  out = PutDigits(out, hours, hours > 99 ? 3 : 2);
  *out++ = ':';
  out = PutDigits(out, time.minute, 2);
  *out++ = ':';
  out = PutDigits(out, time.second, 2);
  return PutFraction(out, time.second_part, decimals);
}

}  // namespace

TextRowStream::TextRowStream(MysqlSession& session)
    : session_(session), result_(mysql_use_result(session.handle())) {
  if (result_ == nullptr) {
    if (mysql_errno(session.handle()) != 0) session.ThrowLastError();
    throw Error(ErrorCode::kInternal, "a statement that gives no rows was read as a stream");
  }
  cells_.resize(mysql_num_fields(result_.get()));
}

TextRowStream::~TextRowStream() { FinishStream(*this, ended_, session_); }

bool TextRowStream::Next() {
  if (ended_) return false;
  EnterMysqlLibrary();
  session_.ThrowIfLost();
  const MYSQL_ROW row = mysql_fetch_row(result_.get());
  if (row == nullptr) {
    ended_ = true;
    session_.StreamEnded();
    // A null row means "end" or "error"; only the number tells them apart.
    if (mysql_errno(session_.handle()) != 0) session_.ThrowLastError();
    return false;
  }
  const unsigned long* lengths = mysql_fetch_lengths(result_.get());
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    cells_[i] = Cell{row[i], row[i] == nullptr ? 0 : lengths[i], row[i] == nullptr};
  }
  return true;
}

BinaryRowStream::BinaryRowStream(MysqlSession& session, std::string_view sql)
    : session_(session), statement_(mysql_stmt_init(session.handle())) {
  if (statement_ == nullptr) session_.ThrowLastError();
  if (mysql_stmt_prepare(statement_.get(), sql.data(), sql.size()) != 0) ThrowStatementError();
  if (mysql_stmt_execute(statement_.get()) != 0) ThrowStatementError();
  Describe();
  Bind();
}

BinaryRowStream::~BinaryRowStream() { FinishStream(*this, ended_, session_); }

void BinaryRowStream::ThrowStatementError() {
  // MariaDB's library tells a connection lost while rows are read to the session alone, and not
  // always there.
  if (mysql_stmt_errno(statement_.get()) == 0) {
    if (mysql_errno(session_.handle()) != 0) session_.ThrowLastError();
    session_.Throw(2013, "HY000", "Lost connection to server during query");
  }
  session_.Throw(mysql_stmt_errno(statement_.get()), mysql_stmt_sqlstate(statement_.get()),
                 mysql_stmt_error(statement_.get()));
}

void BinaryRowStream::Describe() {
  const unsigned count = mysql_stmt_field_count(statement_.get());
  if (count == 0) {
    throw Error(ErrorCode::kInternal, "a statement that gives no rows was read as a stream");
  }
#ifdef MARIADB_PACKAGE_VERSION
  // Connector/C calls a null function for types it does not know (MySQL 9's VECTOR). On the wire
  // they are strings of bytes.
  for (unsigned i = 0; i < count; ++i) {
    if (mysql_ps_fetch_functions[statement_->fields[i].type].func == nullptr) {
      statement_->fields[i].type = MYSQL_TYPE_BLOB;
      statement_->fields[i].charsetnr = kBinaryCharset;
    }
  }
#endif
  const ResultHandle metadata(mysql_stmt_result_metadata(statement_.get()));
  if (metadata == nullptr) ThrowStatementError();
  const MYSQL_FIELD* fields = mysql_fetch_fields(metadata.get());
  slots_.resize(count);
  binds_.resize(count);
  cells_.resize(count);
  for (unsigned i = 0; i < count; ++i) {
    const MYSQL_FIELD& field = fields[i];
    Slot& slot = slots_[i];
    MYSQL_BIND& bind = binds_[i];
    std::memset(&bind, 0, sizeof bind);
    bind.length = &slot.length;
    bind.is_null = &slot.is_null;
    bind.error = &slot.error;
    slot.decimals = field.decimals;
    switch (field.type) {
      case MYSQL_TYPE_TINY:
      case MYSQL_TYPE_SHORT:
      case MYSQL_TYPE_INT24:
      case MYSQL_TYPE_LONG:
      case MYSQL_TYPE_LONGLONG: {
        const bool is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
        slot.format = is_unsigned ? Format::kUnsigned : Format::kSigned;
        bind.buffer_type = MYSQL_TYPE_LONGLONG;
        bind.is_unsigned = is_unsigned;
        bind.buffer = &slot.number;
        break;
      }
      case MYSQL_TYPE_YEAR:
        slot.format = Format::kYear;
        slot.width = field.length == 2 ? 2 : 4;
        bind.buffer_type = MYSQL_TYPE_LONGLONG;
        bind.is_unsigned = 1;
        bind.buffer = &slot.number;
        break;
      case MYSQL_TYPE_FLOAT:
        bind.buffer_type = MYSQL_TYPE_FLOAT;
        bind.buffer = &slot.number;
        break;
      case MYSQL_TYPE_DOUBLE:
        bind.buffer_type = MYSQL_TYPE_DOUBLE;
        bind.buffer = &slot.number;
        break;
      case MYSQL_TYPE_DATE:
        slot.format = Format::kDate;
        bind.buffer_type = MYSQL_TYPE_DATE;
        bind.buffer = &slot.time;
        break;
      case MYSQL_TYPE_TIME:
        slot.format = Format::kTime;
        bind.buffer_type = MYSQL_TYPE_TIME;
        bind.buffer = &slot.time;
        break;
      case MYSQL_TYPE_DATETIME:
      case MYSQL_TYPE_TIMESTAMP:
        slot.format = Format::kDateTime;
        bind.buffer_type = MYSQL_TYPE_DATETIME;
        bind.buffer = &slot.time;
        break;
      default:
        // Strings, bytes, DECIMAL, BIT, GEOMETRY: bytes as they come, the same as in text.
        bind.buffer_type = MYSQL_TYPE_BLOB;
        slot.buffer.resize(
            std::clamp<std::size_t>(field.length + 1, kFirstBuffer, kLargestFirstBuffer));
        bind.buffer = slot.buffer.data();
        bind.buffer_length = slot.buffer.size();
        break;
    }
  }
}

void BinaryRowStream::Bind() {
  if (mysql_stmt_bind_result(statement_.get(), binds_.data()) != 0) ThrowStatementError();
}

// Values longer than their buffers: fetched again from the packet, which is still there. Binding
// anew must wait for the next row, for it makes the library forget where this row's values stand.
void BinaryRowStream::GrowTruncated() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.buffer.empty() || slot.is_null != 0 || slot.length <= slot.buffer.size()) continue;
    // Half as much again, so that slowly growing values do not bind anew each time.
    slot.buffer.resize(slot.length + slot.length / 2);
    binds_[i].buffer = slot.buffer.data();
    binds_[i].buffer_length = slot.buffer.size();
    if (mysql_stmt_fetch_column(statement_.get(), &binds_[i], static_cast<unsigned>(i), 0) != 0) {
      ThrowStatementError();
    }
    rebind_ = true;
  }
}

bool BinaryRowStream::Next() {
  if (ended_) return false;
  EnterMysqlLibrary();
  session_.ThrowIfLost();
  if (rebind_) {
    Bind();
    rebind_ = false;
  }
  const int state = mysql_stmt_fetch(statement_.get());
  if (state == MYSQL_NO_DATA || (state != 0 && state != MYSQL_DATA_TRUNCATED)) {
    ended_ = true;
    session_.StreamEnded();
    if (state != MYSQL_NO_DATA) ThrowStatementError();
    return false;
  }
  if (state == MYSQL_DATA_TRUNCATED) GrowTruncated();
  for (std::size_t i = 0; i < slots_.size(); ++i) MakeCell(i);
  return true;
}

void BinaryRowStream::MakeCell(std::size_t column) {
  Slot& slot = slots_[column];
  Cell& cell = cells_[column];
  if (slot.is_null != 0) {
    cell = Cell{};
    return;
  }
  cell.is_null = false;
  cell.data = slot.text;
  char* const begin = slot.text;
  char* const limit = slot.text + sizeof slot.text;
  char* end = begin;
  switch (slot.format) {
    case Format::kRaw:
      if (slot.buffer.empty()) {
        cell.data = reinterpret_cast<const char*>(&slot.number);
        cell.size = binds_[column].buffer_type == MYSQL_TYPE_FLOAT ? 4 : 8;
      } else {
        cell.data = slot.buffer.data();
        cell.size = slot.length;
      }
      return;
    case Format::kSigned:
      end = std::to_chars(begin, limit, slot.number.integer).ptr;
      break;
    case Format::kUnsigned:
      end = std::to_chars(begin, limit, static_cast<unsigned long long>(slot.number.integer)).ptr;
      break;
    case Format::kYear:
      end = PutDigits(begin, static_cast<unsigned long>(slot.number.integer), slot.width);
      break;
    case Format::kDate:
      end = PutDate(begin, slot.time);
      break;
    case Format::kTime: {
      if (slot.time.neg) *end++ = '-';
      const unsigned long hours = slot.time.hour + 24UL * slot.time.day;
      end = PutClock(end, slot.time, hours, slot.decimals);
      break;
    }
    case Format::kDateTime:
      end = PutDate(begin, slot.time);
      *end++ = ' ';
      end = PutClock(end, slot.time, slot.time.hour, slot.decimals);
      break;
  }
  cell.size = static_cast<std::size_t>(end - begin);
}

}  // namespace dbomsbak
