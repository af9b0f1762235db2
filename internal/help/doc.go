// Package help writes the help of a program's commands for a terminal of 80 columns:
// a page of at most 23 lines for each command, which leaves a line for the prompt, and
// the whole text. Its errors say which command or flag may have been meant.
//
// It takes what it says from the commands. What a command does is not its business.
package help
