//===- PoolMark.cpp - The text that describes an allocator ----------------===//

#include "PoolMark.h"
#include "LLVMCompat.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace memtrack;

static StringRef takeWord(StringRef &Text) {
  Text = Text.ltrim();
  StringRef Word = Text.take_until([](char C) { return isSpace(C); });
  Text = Text.drop_front(Word.size());
  return Word;
}

/// Sets what the word `key=number` is about; returns what is wrong with it.
static std::string readField(StringRef Word, PoolFunction &Into) {
  auto Parts = Word.split('=');
  uint64_t Number = 0;
  unsigned *Position = nullptr;
  if (Parts.first == "size")
    Position = &Into.Size;
  else if (Parts.first == "count")
    Position = &Into.Count;
  else if (Parts.first == "ptr")
    Position = &Into.Block;
  else if (Parts.first == "pool")
    Position = &Into.Identity;
  else if (Parts.first != "bytes")
    return ("'" + Word +
            "' is unknown; size=, count=, bytes=, ptr=, pool= and, last, name= "
            "are known")
        .str();
  if (Parts.second.getAsInteger(10, Number) ||
      (Position && Number > UINT16_MAX))
    return ("'" + Word + "' needs a number" +
            (Position ? ", the position of a parameter from 1" : ""))
        .str();
  if (Position)
    *Position = static_cast<unsigned>(Number);
  else
    Into.Bytes = Number;
  return "";
}

std::string memtrack::parsePoolMark(StringRef Text, PoolFunction &Into,
                                    StringRef *Name) {
  PoolFunction New = Into;
  StringRef Action = takeWord(Text);
  bool Reallocates = Action == "realloc";
  if (Action == "alloc" || Reallocates)
    New.Allocates = true;
  if (Action == "free" || Reallocates)
    New.Frees = true;
  if (Action == "free-pool")
    New.FreesAll = true;
  if (Action != "alloc" && Action != "free" && Action != "free-pool" &&
      !Reallocates)
    return ("'" + Action +
            "' is unknown; a line begins with alloc, realloc, free or "
            "free-pool")
        .str();
  if (Name) {
    *Name = takeWord(Text);
    if (Name->empty() || Name->contains('='))
      return ("the name of a function is missing after '" + Action + "'").str();
    New.Pool = Name->str();
  }
  for (Text = Text.ltrim(); !Text.empty(); Text = Text.ltrim()) {
    if (startsWith(Text, "name=")) {
      New.Pool = Text.drop_front(5).trim().str();
      break;
    }
    std::string Error = readField(takeWord(Text), New);
    if (!Error.empty())
      return Error;
  }
  if (New.Frees && !New.Block)
    return ("'" + Action + "' needs ptr=N, which parameter is the block").str();
  if (New.FreesAll && !New.Identity)
    return "'free-pool' needs pool=N, which parameter is the pool";
  if (New.Pool.empty())
    return "the name of the pool is empty";
  Into = New;
  return "";
}
