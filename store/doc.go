// Package store keeps Junban's journal and the bot's memory in one bbolt file on a local disk.
//
// A Store is the engine's Journal and the bot's memory; whoever has it open has the file for themselves. A Reader is
// for status and history while no bot runs. Everything that a method has answered for is on the disk: each write is one
// transaction that ends with a sync.
//
// It must never judge an event (that is deploy's), never overwrite a file that it did not make, never hand out bytes
// that belong to a transaction, and never say that something was written, or was not, when it cannot tell.
package store
