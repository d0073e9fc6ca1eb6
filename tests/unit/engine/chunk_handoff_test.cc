#include "engine/chunk_handoff.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <thread>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"

namespace dbomsbak {
namespace {

RowPiece PieceOf(std::string text) {
  RowPiece piece;
  piece.text = std::move(text);
  piece.row_ends = {static_cast<std::uint32_t>(piece.text.size())};
  return piece;
}

// Many readers take chunks in order and push pieces of any weight; the budget is a fraction of
// what is on its way. Nothing may stop, and everything must come out in order.
TEST(ChunkHandoff, NeverDeadlocksAndKeepsOrderAtAnyBudget) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::minstd_rand seeds(seed);
  for (int round = 0; round < 60; ++round) {
    const std::size_t budget = seeds() % 4000;
    const std::size_t reserve = budget ? seeds() % budget : 0;
    ChunkHandoff handoff(budget, reserve);
    constexpr std::uint64_t kChunks = 60;
    std::atomic<std::uint64_t> next{0};
    const int reader_count = 1 + static_cast<int>(seeds() % 5);
    TaskGroup group([&] { handoff.Close(); });
    std::mutex taking;
    for (int r = 0; r < reader_count; ++r) {
      group.Start([&, reader_seed = seeds()] {
        std::minstd_rand random(reader_seed);
        for (;;) {
          std::uint64_t chunk;
          {
            std::lock_guard lock(taking);
            chunk = next++;
          }
          if (chunk >= kChunks) return;
          ChunkEnd end;
          for (std::uint64_t i = 0, count = random() % 6; i < count; ++i) {
            RowPiece piece = PieceOf(std::to_string(chunk) + ":" + std::to_string(i) + ";" +
                                     std::string(random() % 2000, ' '));
            if (!handoff.Push(chunk, piece)) return;
            ++end.digest.rows;
          }
          end.last_of_table = chunk % 7 == 0;
          handoff.Finish(chunk, end);
        }
      });
    }
    for (std::uint64_t chunk = 0; chunk < kChunks; ++chunk) {
      RowPiece piece;
      std::optional<ChunkEnd> end;
      std::uint64_t count = 0;
      while (handoff.Pop(chunk, piece, end)) {
        const std::string expected = std::to_string(chunk) + ":" + std::to_string(count++) + ";";
        ASSERT_EQ(piece.text.substr(0, expected.size()), expected);
      }
      ASSERT_TRUE(end.has_value());
      ASSERT_EQ(end->digest.rows, count);
      ASSERT_EQ(end->last_of_table, chunk % 7 == 0);
    }
    group.Wait();
  }
}

TEST(ChunkHandoff, LaterChunksLeaveTheReserveToTheFirst) {
  ChunkHandoff handoff(4000, 3000);
  std::atomic<bool> pushed{false};
  std::thread later([&] {
    RowPiece piece = PieceOf(std::string(900, 'b'));
    handoff.Push(1, piece);
    piece = PieceOf(std::string(900, 'b'));
    pushed = handoff.Push(1, piece);  // 1000 bytes are all that chunk 1 may take ahead
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(pushed);
  RowPiece piece = PieceOf(std::string(2500, 'a'));
  EXPECT_TRUE(handoff.Push(0, piece));
  handoff.Finish(0, {});
  std::optional<ChunkEnd> end;
  EXPECT_TRUE(handoff.Pop(0, piece, end));
  EXPECT_FALSE(handoff.Pop(0, piece, end));  // chunk 1 is next: it may go on
  later.join();
  EXPECT_TRUE(pushed);
}

TEST(ChunkHandoff, FirstErrorIsKeptAndEveryoneReturns) {
  ChunkHandoff handoff(100, 50);
  TaskGroup group([&] { handoff.Close(); });
  group.Start([&] {  // waits for room for ever
    RowPiece piece = PieceOf(std::string(200, 'x'));
    while (handoff.Push(1, piece)) piece = PieceOf(std::string(200, 'x'));
    throw Error(ErrorCode::kInternal, "a later error");
  });
  group.Start([&] {  // waits for a piece for ever
    RowPiece piece;
    std::optional<ChunkEnd> end;
    handoff.Pop(0, piece, end);
    throw Error(ErrorCode::kInternal, "a later error");
  });
  group.Start([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    throw Error(ErrorCode::kConnectionLost, "the first error");
  });
  try {
    group.Wait();
    FAIL() << "no error came out";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kConnectionLost);
    EXPECT_EQ(e.message(), "the first error");
  }
}

}  // namespace
}  // namespace dbomsbak
