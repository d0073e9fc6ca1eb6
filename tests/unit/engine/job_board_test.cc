#include "engine/job_board.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace dbomsbak {
namespace {

std::vector<JobProgress> JobsOf(const JobBoard& board) {
  std::vector<JobProgress> jobs;
  board.CopyTo(jobs);
  return jobs;
}

TEST(JobBoardTest, PartsOfOneTableAreCountedTogether) {
  JobBoard board(2);
  board.Take(1, "load", "table `d`.`t`", 1, 3);
  board.Add(1, 10, 100);
  board.Take(1, "load", "table `d`.`t`", 3, 3);
  board.Add(1, 5, 50);
  const std::vector<JobProgress> jobs = JobsOf(board);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].object, "");
  EXPECT_EQ(jobs[1].object, "table `d`.`t`");
  EXPECT_EQ(jobs[1].part, 3U);
  EXPECT_EQ(jobs[1].parts, 3U);
  EXPECT_EQ(jobs[1].rows_done, 15U);
  EXPECT_EQ(jobs[1].bytes_done, 150U);
}

TEST(JobBoardTest, AnotherTableOrAnotherWorkBeginsAnew) {
  JobBoard board(1);
  board.Take(0, "load", "t");
  board.Add(0, 10, 100);
  board.Take(0, "prove", "t", 2);
  EXPECT_EQ(JobsOf(board)[0].phase, "prove");
  EXPECT_EQ(JobsOf(board)[0].rows_done, 0U);
  board.Add(0, 10, 0);
  board.Take(0, "prove", "u");
  EXPECT_EQ(JobsOf(board)[0].rows_done, 0U);
  EXPECT_EQ(JobsOf(board)[0].part, 0U);
  board.Rest(0);
  EXPECT_EQ(JobsOf(board)[0].object, "");
}

TEST(JobBoardTest, JobsAndWatchersDoNotDisturbEachOther) {
  constexpr std::size_t kJobs = 4;
  constexpr std::uint64_t kPieces = 2000;
  JobBoard board(kJobs);
  std::vector<std::thread> threads;
  for (std::size_t job = 0; job < kJobs; ++job) {
    threads.emplace_back([&board, job] {
      for (std::uint64_t piece = 1; piece <= kPieces; ++piece) {
        board.Take(job, "dump", "table " + std::to_string(job), piece);
        board.Add(job, 1, 2);
      }
    });
  }
  std::vector<JobProgress> jobs;
  for (int look = 0; look < 100; ++look) board.CopyTo(jobs);
  for (std::thread& thread : threads) thread.join();
  board.CopyTo(jobs);
  for (const JobProgress& job : jobs) {
    EXPECT_EQ(job.part, kPieces);
    EXPECT_EQ(job.rows_done, kPieces);
    EXPECT_EQ(job.bytes_done, 2 * kPieces);
  }
}

}  // namespace
}  // namespace dbomsbak
