// Indexes text files and answers questions about them: the most frequent words,
// the files a word is in, where a phrase stands.
//
//   wordindex [-j THREADS] [-q WORD-OR-PHRASE]... FILE-OR-DIRECTORY...
//
// Workers take files from a shared list, each into an index of its own; the
// indexes are merged at the end. Nothing here knows of MemTrack: it is an
// ordinary program to point it at.

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

struct Position {
  std::uint32_t File;
  std::uint32_t Word; // counted from the beginning of the file
  std::uint32_t Line;
};

bool operator<(const Position &A, const Position &B) {
  return A.File != B.File ? A.File < B.File : A.Word < B.Word;
}

struct Document {
  std::string Path;
  std::vector<std::string> Lines; // kept to show where a phrase was found
};

std::string lowered(const std::string &Word) {
  std::string Result;
  for (char C : Word)
    Result += static_cast<char>(std::tolower(static_cast<unsigned char>(C)));
  return Result;
}

std::vector<std::string> tokens(const std::string &Line) {
  std::vector<std::string> Result;
  std::string Word;
  for (char C : Line) {
    if (std::isalnum(static_cast<unsigned char>(C)) || C == '_') {
      Word += C;
    } else if (!Word.empty()) {
      Result.push_back(lowered(Word));
      Word.clear();
    }
  }
  if (!Word.empty())
    Result.push_back(lowered(Word));
  return Result;
}

class Index {
public:
  void add(std::uint32_t File, const Document &Text) {
    std::uint32_t Word = 0, Line = 0;
    for (const std::string &L : Text.Lines) {
      ++Line;
      for (const std::string &Token : tokens(L))
        Postings[Token].push_back({File, Word++, Line});
    }
  }

  void merge(Index &&Other) {
    for (auto &[Word, List] : Other.Postings) {
      std::vector<Position> &Mine = Postings[Word];
      Mine.insert(Mine.end(), List.begin(), List.end());
    }
  }

  void sort() {
    for (auto &Entry : Postings)
      std::sort(Entry.second.begin(), Entry.second.end());
  }

  std::size_t words() const { return Postings.size(); }

  const std::vector<Position> &find(const std::string &Word) const {
    static const std::vector<Position> None;
    auto Found = Postings.find(Word);
    return Found == Postings.end() ? None : Found->second;
  }

  // Frequency first, then the alphabet.
  std::vector<std::pair<std::size_t, std::string>> ranked() const {
    std::vector<std::pair<std::size_t, std::string>> Result;
    for (const auto &[Word, List] : Postings)
      Result.emplace_back(List.size(), Word);
    std::sort(Result.begin(), Result.end(), [](const auto &A, const auto &B) {
      return A.first != B.first ? A.first > B.first : A.second < B.second;
    });
    return Result;
  }

private:
  std::unordered_map<std::string, std::vector<Position>> Postings;
};

// Answers are kept until the process ends, as a server would.
class Searcher {
public:
  using Answer = std::shared_ptr<const std::vector<Position>>;

  explicit Searcher(const Index &I) : I(I) {}

  Answer search(const std::string &Phrase) {
    Answer &Cached = (*Cache)[Phrase];
    if (!Cached)
      Cached = std::make_shared<const std::vector<Position>>(
          compute(tokens(Phrase)));
    return Cached;
  }

private:
  std::vector<Position> compute(const std::vector<std::string> &Words) const {
    if (Words.empty())
      return {};
    std::vector<Position> Result = I.find(Words.front());
    for (std::size_t N = 1; N < Words.size() && !Result.empty(); ++N) {
      const std::vector<Position> &Next = I.find(Words[N]);
      std::vector<Position> Kept;
      for (const Position &P : Result) {
        Position Wanted = {P.File, P.Word + static_cast<std::uint32_t>(N), 0};
        if (std::binary_search(Next.begin(), Next.end(), Wanted))
          Kept.push_back(P);
      }
      Result = std::move(Kept);
    }
    return Result;
  }

  const Index &I;
  std::map<std::string, Answer> *Cache = new std::map<std::string, Answer>;
};

bool isText(const std::string &Content) {
  return Content.find('\0') == std::string::npos;
}

bool read(Document &Text) {
  std::ifstream In(Text.Path, std::ios::binary);
  if (!In)
    return false;
  std::stringstream Buffer;
  Buffer << In.rdbuf();
  std::string Content = Buffer.str();
  if (!isText(Content))
    return false;
  std::istringstream Stream(Content);
  std::string Line;
  while (std::getline(Stream, Line))
    Text.Lines.push_back(Line);
  return true;
}

std::vector<std::string> filesBelow(const std::vector<std::string> &Arguments) {
  namespace fs = std::filesystem;
  std::vector<std::string> Result;
  for (const std::string &Argument : Arguments) {
    if (!fs::is_directory(Argument)) {
      Result.push_back(Argument);
      continue;
    }
    auto Options = fs::directory_options::skip_permission_denied;
    for (const fs::directory_entry &Entry :
         fs::recursive_directory_iterator(Argument, Options))
      if (Entry.is_regular_file() && !Entry.is_symlink())
        Result.push_back(Entry.path().string());
  }
  std::sort(Result.begin(), Result.end());
  return Result;
}

Index buildIndex(std::vector<Document> &Documents, unsigned Threads) {
  std::atomic<std::uint32_t> NextFile{0};
  std::vector<Index> Parts(Threads);
  std::vector<std::thread> Workers;
  for (Index &Part : Parts)
    Workers.emplace_back([&Documents, &NextFile, &Part] {
      for (std::uint32_t File; (File = NextFile++) < Documents.size();) {
        Document &Text = Documents[File];
        if (read(Text))
          Part.add(File, Text);
      }
    });
  for (std::thread &Worker : Workers)
    Worker.join();

  Index Whole;
  for (Index &Part : Parts)
    Whole.merge(std::move(Part));
  Whole.sort();
  return Whole;
}

void printAnswer(Searcher &S, const std::vector<Document> &Documents,
                 const std::string &Phrase) {
  constexpr std::size_t Shown = 3;
  Searcher::Answer Found = S.search(Phrase);
  std::cout << '"' << Phrase << "\": " << Found->size() << " times\n";
  for (std::size_t N = 0; N < std::min(Shown, Found->size()); ++N) {
    const Position &P = (*Found)[N];
    const Document &Text = Documents[P.File];
    std::cout << "  " << Text.Path << ':' << P.Line << ": "
              << Text.Lines[P.Line - 1] << '\n';
  }
}

int usage() {
  std::cerr << "usage: wordindex [-j THREADS] [-q WORD-OR-PHRASE]... "
               "FILE-OR-DIRECTORY...\n";
  return 2;
}

} // namespace

int main(int Argc, char **Argv) {
  unsigned Threads = 4;
  std::vector<std::string> Queries, Arguments;
  for (int N = 1; N < Argc; ++N) {
    std::string Argument = Argv[N];
    if (Argument == "-j" && N + 1 < Argc)
      Threads = static_cast<unsigned>(std::clamp(std::atoi(Argv[++N]), 1, 64));
    else if (Argument == "-q" && N + 1 < Argc)
      Queries.push_back(Argv[++N]);
    else if (Argument.size() > 1 && Argument[0] == '-')
      return usage();
    else
      Arguments.push_back(Argument);
  }
  if (Arguments.empty())
    return usage();

  std::vector<Document> Documents;
  for (std::string &Path : filesBelow(Arguments))
    Documents.push_back({Path, {}});
  Index Whole = buildIndex(Documents, Threads);

  std::size_t Lines = 0, Files = 0;
  for (const Document &Text : Documents) {
    Files += !Text.Lines.empty();
    Lines += Text.Lines.size();
  }
  auto Ranked = Whole.ranked();
  std::size_t Words = 0;
  for (const auto &Entry : Ranked)
    Words += Entry.first;
  std::cout << Files << " files, " << Lines << " lines, " << Words << " words, "
            << Whole.words() << " different\n";
  for (std::size_t N = 0; N < std::min<std::size_t>(10, Ranked.size()); ++N)
    std::cout << std::setw(9) << Ranked[N].first << "  " << Ranked[N].second
              << '\n';

  Searcher S(Whole);
  for (const std::string &Query : Queries)
    printAnswer(S, Documents, Query);
  return Files == 0;
}
