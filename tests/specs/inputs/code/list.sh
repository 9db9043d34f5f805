#!/bin/sh
# Copy the text beside the listing, and write absolute paths into the listing.
directory=$(dirname "$2 $3")
set -- "$1 $2" "$3"
directory=$(dirname "$2")
cp "$1" "$directory/copy.txt"
echo more >"$directory/more.txt"
printf '%s\n' "$directory/copy.txt" "$directory/more.txt" >"$2"
