"""The site: a page where one drops a photo and Eva answers."""
