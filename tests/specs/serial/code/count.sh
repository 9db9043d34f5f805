ls "$1" | wc -l | tr -d " "
