#pragma once
// compression: middleware that compresses answers and decompresses requests.

#include <mutual/middleware.hpp>

#include <cstddef>

namespace mutual {

/// Compresses answers with the coding that the client likes best (Accept-Encoding): zstd, br or gzip. A body that comes
/// from a source is compressed piece by piece, and each piece goes out at once. Answers say Vary: Accept-Encoding, and
/// a strong ETag becomes a weak one. Left as they are: what is compressed already, by its type or its Content-Encoding;
/// parts of a file (206); bodies of less than `least_bytes`; what says Cache-Control: no-transform. A client that
/// refuses everything that we have, plain bytes too (identity;q=0), is told 406 before the handler is called.
///
/// The answers of one connection that come from sources, by whichever `compress()` of an app, together hold no more
/// than 8 MiB of encoders: what would be more goes out in gzip, if the client takes it and there is room, or in plain
/// bytes, or is 503 to a GET that refuses those. As `offload`, such an answer needs a thread that serves.
///
/// Do not use it for answers in which something secret stands beside something that a stranger can choose: the length
/// tells, guess by guess, whether they are alike (BREACH). Say Cache-Control: no-transform there.
middleware compress(std::size_t least_bytes = 1024);

/// Lets handlers have request bodies that come compressed (Content-Encoding: gzip, br or zstd): they see the body as it
/// was before, and no Content-Encoding. Without it, such bodies are refused with 415. A body that is larger than
/// `most_bytes` without its coding is 413, before it takes more memory, and so is one of more than a MiB that is more
/// than `most_times` what was sent of it; one that breaks off, or is followed by anything, is 400; another coding is
/// 415.
///
/// A handler that takes a `body_stream` gets the pieces as they come, decompressed, none larger than 32 KiB, and what
/// it does not ask for stays with the client: memory stays flat however large the body. What is wrong with it then
/// comes as a `body_error` (413, 400) out of `next()`, when that place is reached. A route's `body_limit` counts what
/// is sent.
///
/// All requests of one connection that come by one `decompress()` together hold no more than twice its `most_bytes` of
/// decompressed bodies and 32 MiB that decoders need; what would be more is 503, or a `body_error` (503), but for a
/// request that is alone.
middleware decompress(std::size_t most_bytes, std::size_t most_times = 200);

}  // namespace mutual
