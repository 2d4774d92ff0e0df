/**
 * The feed: labelled text in, token batches out.
 *
 * <p>A source ({@link io.dume.feed.FeedSource}, or a topic that {@link io.dume.feed.Feed#follow}
 * reads) gives documents, each of one domain. A document is tokenized, ended with the end-of-text
 * token, cut into sequences of at most {@code context_dim} tokens ({@code RecordCutter}), and sent
 * as records of a few sequences. A record never mixes documents, and its id is a hash of source,
 * document and part: the same document sent again has the same ids, which is what lets a fit count
 * it once. So whatever stops a feed, starting it again from the beginning is right.
 *
 * <p>What can't be used is set aside with where it stands and why, and the rest goes on; a document
 * of a topic goes to dead-letters too. One document is in memory at a time for each source that is
 * open: bytes, text and tokens, some hundred bytes for each byte of the document at worst, so
 * {@code maxDocumentBytes} is the bound that matters.
 */
package io.dume.feed;
